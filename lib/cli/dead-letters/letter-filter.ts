import type { DeadLetter, LetterRequest } from './dead-letter.ts';
import { factsOf } from './letter-facts.ts';

/** Which letters are meant: those for which all of this is true. Times are of a request's end. */
export interface LetterFilter {
  /** As {@link factsOf} says. */
  readonly code?: string;
  readonly tenant?: string;
  /** Not before. */
  readonly since?: Date;
  /** Before. */
  readonly until?: Date;
  /** Of requests, or of messages; any when empty. */
  readonly ids: readonly string[];
}

/** The requests of a letter that are meant. */
export function requestsMeant(letter: DeadLetter, filter: LetterFilter): readonly LetterRequest[] {
  return letter.requests.filter((request) => isMeant(request, letter, filter));
}

function isMeant(
  request: LetterRequest,
  { message }: DeadLetter,
  { code, tenant, since, until, ids }: LetterFilter,
): boolean {
  const { described } = request;
  const facts = factsOf(request);
  const time = facts.endedAt ?? message.sentAt;
  return (
    (code === undefined || facts.code === code) &&
    (tenant === undefined || described.tenant === tenant) &&
    (since === undefined || time >= since.getTime()) &&
    (until === undefined || time < until.getTime()) &&
    (ids.length === 0 || ids.includes(described.id) || ids.includes(message.id))
  );
}
