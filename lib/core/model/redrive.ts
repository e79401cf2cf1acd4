import { deadLetterOf, MAX_REDRIVES, type RequestRecord } from './request-record.ts';

/** What a redrive does with a dead letter. */
export type RedriveDecision =
  /** Puts it back into the input queue. */
  | 'put_back'
  /** Deletes it: another dead letter put its request back. */
  | 'settled'
  /** Keeps it: the engine wouldn't run its request again. */
  | 'limit_reached';

/** What a redrive needs to know of a dead letter. */
export interface RedrivenLetter {
  /** Which redrive it waits for, from 0; absent if its queue moved it there, or the message had no room for it. */
  readonly redrive?: number;
  /** When it was sent to the dead-letter queue, in milliseconds since 1970. */
  readonly sentAt: number;
}

/**
 * Decides what a redrive does with a dead letter. One with several requests is put back if any of them needs it.
 * @param records those of its requests; undefined for a request without a record
 */
export function decideRedrive(
  records: readonly (RequestRecord | undefined)[],
  letter: RedrivenLetter,
): RedriveDecision {
  const decisions = records.map((record) => decideByRecord(record, letter));
  if (decisions.length === 0 || decisions.includes('put_back')) return 'put_back';
  return decisions.includes('limit_reached') ? 'limit_reached' : 'settled';
}

/**
 * The engine never runs a succeeded request again. Its dead letter is superfluous only if another message was put back
 * for the request. Otherwise its outcome may be unpublished, and the engine publishes it when the message comes back.
 */
function decideByRecord(
  record: RequestRecord | undefined,
  { redrive = Number.POSITIVE_INFINITY, sentAt }: RedrivenLetter,
): RedriveDecision {
  if (!record) return 'put_back';
  const { status, redrives = 0, putBackAt = 0 } = record;
  if (redrive < redrives) return 'settled';
  if (status === 'succeeded' && putBackAt > sentAt) return 'settled';
  return deadLetterOf(record) === 'known' && redrives >= MAX_REDRIVES ? 'limit_reached' : 'put_back';
}
