import type { CoatcheckError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import {
  IdempotencyKeyBusy,
  IdempotencyKeyTaken,
  RequestIdBusy,
  RequestIdTaken,
  RequestRefused,
} from './errors.ts';

/** `Retry-After` while the first request with a name is being accepted. */
const BUSY_RETRY_SECONDS = 1;

/** The name under which a repeated submission is the same request: an idempotency key, or the id of the request. */
export interface SubmissionName {
  /** The key that its use is remembered under. */
  readonly key: string;
  /** The error for another request with the name. */
  readonly taken: () => CoatcheckError;
  /** The error while the first request with the name is being accepted. */
  readonly busy: () => CoatcheckError;
}

/** The name of a submission; undefined if it has none. @throws RequestRefused for a key that can't be one */
export function submissionNameOf({
  id,
  idempotencyKey,
  schedule,
}: {
  readonly id?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly schedule?: string | undefined;
}): SubmissionName | undefined {
  if (id !== undefined) {
    return {
      // No idempotency key has a line break.
      key: `id\n${id}`,
      taken: () => new RequestIdTaken(id),
      busy: () => new RequestIdBusy(id, BUSY_RETRY_SECONDS),
    };
  }
  if (idempotencyKey === undefined) return undefined;
  assertIdempotencyKey(idempotencyKey);
  return {
    // Two schedules may have the same payload, but their runs are different requests.
    key: schedule === undefined ? idempotencyKey : `run\n${schedule}\n${idempotencyKey}`,
    taken: () => new IdempotencyKeyTaken(idempotencyKey),
    busy: () => new IdempotencyKeyBusy(idempotencyKey, BUSY_RETRY_SECONDS),
  };
}

/**
 * The API takes fewer keys. Programs may pass anything, such as the empty text of a variable that isn't set.
 * @throws RequestRefused
 */
export function assertIdempotencyKey(key: unknown): void {
  if (typeof key === 'string' && key !== '' && !/\p{Cc}/u.test(key)) return;
  throw new RequestRefused(
    'idempotency_key_invalid',
    `idempotencyKey must be text with at least 1 character and without control characters, or be left out, got ${quote(key)}`,
  );
}
