import { contentTypeProblem } from '../base/media-type.ts';
import { quote } from '../base/quote.ts';
import { timeProblem } from '../base/time.ts';
import type { RequestTimes } from '../model/not-before.ts';
import { RequestRefused } from './errors.ts';

/** The parts of a request that a message encodes in forms of their own. */
interface DescribedRequest extends RequestTimes {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Rejects a request whose message a processor couldn't read: its record would wait forever.
 * @throws RequestRefused
 */
export function assertReadable({ contentType, metadata, notBefore, expiresAt }: DescribedRequest): void {
  refuse('content_type_invalid', 'contentType:', contentTypeProblem(contentType));
  refuse('not_before_invalid', 'notBefore', notBefore === undefined ? undefined : timeProblem(notBefore));
  refuse('expires_at_invalid', 'expiresAt', expiresAt === undefined ? undefined : timeProblem(expiresAt));
  // Programs in JavaScript may pass anything.
  for (const [name, value] of Object.entries<unknown>(metadata)) {
    if (typeof value === 'string') continue;
    refuse('metadata_invalid', `The metadata ${quote(name)}`, `must be text, got ${quote(value)}`);
  }
}

function refuse(code: string, what: string, problem: string | undefined): void {
  if (problem !== undefined) throw new RequestRefused(code, `${what} ${problem}`);
}
