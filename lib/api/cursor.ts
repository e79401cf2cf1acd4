import { quote } from '../core/base/quote.ts';
import { isPosition } from '../core/model/record-position.ts';
import { ProblemError } from './problem.ts';

/** A position in a list, for clients. Opaque, so that they don't construct cursors. */
export function cursorTo(position: string | undefined): string | undefined {
  return position === undefined ? undefined : Buffer.from(position).toString('base64url');
}

/**
 * @param isFit whether a text has the form of a position of the list. @default - of a list of requests
 * @throws ProblemError 400 for what {@link cursorTo} didn't return
 */
export function positionIn(cursor: string, isFit = isPosition): string {
  const position = Buffer.from(cursor, 'base64url').toString();
  if (isFit(position)) return position;
  throw new ProblemError({
    status: 400,
    code: 'request_malformed',
    detail: `cursor must be the \`next\` of a previous page, got ${quote(cursor)}`,
  });
}
