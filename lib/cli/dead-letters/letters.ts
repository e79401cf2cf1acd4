import type { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import type { RequestRecords } from '../../core/records/request-records.ts';
import { type DeadLetter, openLetter } from './dead-letter.ts';
import { type LetterFilter, requestsMeant } from './letter-filter.ts';

/** Where letters and what is known of them are. */
export interface LetterSource {
  readonly queue: DeadLetterQueue;
  readonly records: Pick<RequestRecords, 'find'>;
}

/** Which letters, and how they are gone through. */
export interface LetterWalk {
  readonly filter: LetterFilter;
  /** Most letters. */
  readonly limit: number;
  /** Most letters the caller deals with in a second. */
  readonly perSecond: number;
  readonly signal: AbortSignal;
}

/** Letters received together. */
export interface LetterBatch {
  /** How many were gone through for it. */
  readonly passed: number;
  /** Those that are meant. */
  readonly letters: readonly DeadLetter[];
}

/**
 * Goes through the dead-letter queue, and gives back in the end what isn't deleted.
 * @throws the signal's reason
 */
export async function* lettersOf(
  { queue, records }: LetterSource,
  { filter, limit, perSecond, signal }: LetterWalk,
): AsyncGenerator<LetterBatch, void> {
  let left = limit;
  for await (const messages of queue.walk(perSecond, signal)) {
    const opened = await Promise.all(messages.map((message) => openLetter(message, records)));
    const meant = opened.filter((letter) => isMeant(letter, filter)).slice(0, left);
    yield { passed: messages.length, letters: meant };
    left -= meant.length;
    if (left === 0) return;
  }
}

/** One without a request (S3's test event) is only meant when everything is, or by its own id. */
function isMeant(letter: DeadLetter, filter: LetterFilter): boolean {
  if (letter.requests.length > 0) return requestsMeant(letter, filter).length > 0;
  const { ids, ...others } = filter;
  if (ids.length > 0) return ids.includes(letter.message.id);
  return Object.values(others).every((value) => value === undefined);
}
