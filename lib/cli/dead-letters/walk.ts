import { type DeadLetter, openDeadLetter } from '../../aws/dead-letter.ts';
import type { RequestRecords } from '../../core/records/request-records.ts';
import type { WalkedQueue } from '../queues.ts';
import { type DeadLetterFilter, matchingRequests } from './filter.ts';

/** Where dead letters and the records of their requests are. */
export interface DeadLetterSource {
  readonly queue: WalkedQueue;
  readonly records: Pick<RequestRecords, 'find'>;
}

/** Which dead letters to walk through, and how fast. */
export interface DeadLetterWalkOptions {
  readonly filter: DeadLetterFilter;
  /** Most dead letters to yield. */
  readonly limit: number;
  /** Most dead letters that the caller handles in a second. */
  readonly perSecond: number;
  readonly signal: AbortSignal;
}

/** Dead letters of one receive. */
export interface DeadLetterBatch {
  /** Messages received, including those that don't match. */
  readonly received: number;
  /** Those that match the filter. */
  readonly letters: readonly DeadLetter[];
}

/**
 * Walks through the dead-letter queue, and returns what wasn't deleted to it at the end.
 * @throws the signal's reason
 */
export async function* walkDeadLetters(
  { queue, records }: DeadLetterSource,
  { filter, limit, perSecond, signal }: DeadLetterWalkOptions,
): AsyncGenerator<DeadLetterBatch, void> {
  let left = limit;
  for await (const messages of queue.walk(perSecond, signal)) {
    const opened = await Promise.all(messages.map((message) => openDeadLetter(message, records)));
    const matching = opened.filter((letter) => matches(letter, filter)).slice(0, left);
    yield { received: messages.length, letters: matching };
    left -= matching.length;
    if (left === 0) return;
  }
}

/** A message without a request (S3's test event) matches by its own id, or if the filter is empty. */
function matches(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  if (letter.requests.length > 0) return matchingRequests(letter, filter).length > 0;
  const { ids, ...others } = filter;
  if (ids.length > 0) return ids.includes(letter.message.id);
  return Object.values(others).every((value) => value === undefined);
}
