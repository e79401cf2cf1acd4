import { quote } from '../core/base/quote.ts';
import { isPosition } from '../core/model/record-position.ts';
import { ProblemError } from './problem.ts';

/** A position in a list of requests, for clients. Opaque, so that they don't construct cursors. */
export function cursorTo(position: string | undefined): string | undefined {
  return position === undefined ? undefined : Buffer.from(position).toString('base64url');
}

/** @throws ProblemError 400 for what {@link cursorTo} didn't return */
export function positionIn(cursor: string): string {
  const position = Buffer.from(cursor, 'base64url').toString();
  if (isPosition(position)) return position;
  throw new ProblemError({
    status: 400,
    code: 'request_malformed',
    detail: `cursor must be the \`next\` of a previous page, got ${quote(cursor)}`,
  });
}
