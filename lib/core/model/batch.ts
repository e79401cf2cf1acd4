import { DAY_MILLISECONDS } from '../base/time.ts';
import { isEarly, type RequestTimes } from './not-before.ts';
import { digestOf } from './request-id.ts';
import type { RecordStatus } from './request-record.ts';

/** The statuses of a batch, in the order in which it can have them. */
export const BATCH_STATUSES = ['open', 'running', 'cancelling', 'completed', 'cancelled', 'expired'] as const;

/** The status of a batch. The last three are terminal. */
export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** Most items of a batch. */
export const BATCH_MAX_ITEMS = 1_000_000;

/** Longest key of an item, in characters. */
export const BATCH_KEY_MAX_LENGTH = 255;

/** How long a batch stays open after its last item was added: a week, in milliseconds. */
export const BATCH_OPEN_MILLISECONDS = 7 * DAY_MILLISECONDS;

/** What all items of a batch have unless they say otherwise. Times are milliseconds since 1970. */
export interface BatchDefaults extends RequestTimes {
  /** @default {} */
  readonly metadata: Readonly<Record<string, string>>;
  readonly topic?: string;
}

/** Many requests under one ticket. It never changes; {@link BatchState} says how far it is. */
export interface Batch extends BatchDefaults {
  readonly id: string;
  readonly tenant?: string;
  /** Receives the webhook of the batch's end. */
  readonly callbackUrl?: string;
  readonly createdAt: number;
}

/** The statuses that a batch counts its items by. A scheduled item is queued, and one that is being cancelled runs. */
export const COUNTED_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'expired'] as const;

/** One of {@link COUNTED_STATUSES}. */
export type CountedStatus = (typeof COUNTED_STATUSES)[number];

/** How many items have each status. */
export type BatchCounts = Readonly<Record<CountedStatus, number>>;

/** How far a batch is. Times are milliseconds since 1970. */
export interface BatchState {
  readonly counts: BatchCounts;
  /** When the latest items were added. */
  readonly addedAt?: number;
  /** When a client asked to seal it while an import ran: it is sealed after that. */
  readonly sealRequestedAt?: number;
  /** No items can be added since then. */
  readonly sealedAt?: number;
  readonly cancelledAt?: number;
  /** When the first item was claimed, or ended unclaimed. */
  readonly startedAt?: number;
  /** When it was sealed and all of its items had ended for the first time. */
  readonly endedAt?: number;
  /** The items that had expired then: of those that are redriven later, others may expire. */
  readonly expiredAtEnd?: number;
}

/** What an item of a batch counts as. @param status of its record */
export function countedStatusOf(status: RecordStatus): CountedStatus {
  if (status === 'awaiting_upload') return 'queued';
  return status === 'cancelling' ? 'running' : status;
}

/** The status of a batch. An end is final: items that are redriven later don't change it. */
export function batchStatusOf({ expiresAt }: Batch, state: BatchState): BatchStatus {
  const { sealedAt, cancelledAt, endedAt, expiredAtEnd = 0 } = state;
  if (endedAt === undefined) {
    if (cancelledAt !== undefined) return 'cancelling';
    return sealedAt === undefined ? 'open' : 'running';
  }
  if (cancelledAt !== undefined) return 'cancelled';
  return expiresAt !== undefined && expiresAt <= endedAt && expiredAtEnd > 0 ? 'expired' : 'completed';
}

/** The number of items. */
export function batchSizeOf(counts: BatchCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The number of items that haven't ended. */
export function unendedCountOf({ queued, running }: BatchCounts): number {
  return queued + running;
}

/** The part of the items that have ended, from 0 to 1; 1 for a batch that ended without items. */
export function batchProgressOf({ counts, endedAt }: BatchState): number {
  const size = batchSizeOf(counts);
  if (size === 0) return endedAt === undefined ? 0 : 1;
  return (size - unendedCountOf(counts)) / size;
}

/**
 * When a batch probably ends, if its items go on ending as fast as since its start. Undefined before the first end, and after
 * the last one.
 * @param now milliseconds since 1970
 */
export function estimatedEndOf(batch: Batch, state: BatchState, now: number): number | undefined {
  const { counts, startedAt, endedAt } = state;
  const left = unendedCountOf(counts);
  const ended = batchSizeOf(counts) - left;
  if (endedAt !== undefined || startedAt === undefined || ended === 0 || left === 0) return undefined;
  if (isEarly(batch, now)) return undefined;
  const elapsed = Math.max(now - startedAt, 1);
  return Math.round(now + (elapsed * left) / ended);
}

/** When an open batch is sealed without a further call of its client, in milliseconds since 1970. */
export function sealsItselfAt(
  { createdAt, expiresAt = Number.POSITIVE_INFINITY }: Batch,
  {
    addedAt = createdAt,
    sealRequestedAt = Number.POSITIVE_INFINITY,
  }: Pick<BatchState, 'addedAt' | 'sealRequestedAt'>,
): number {
  return Math.min(addedAt + BATCH_OPEN_MILLISECONDS, expiresAt, sealRequestedAt);
}

/**
 * The id of the request of an item: an item that is added twice is one request. A batch that is created again with its idempotency key
 * has the same id, and other requests: those of the first one may be kept for longer, if they were redriven later.
 */
export function itemRequestId({ id, createdAt }: Pick<Batch, 'id' | 'createdAt'>, key: string): string {
  return digestOf('batch item', id, String(createdAt), key);
}

/** The id of a batch that is created with an idempotency key: created twice, it is one batch. */
export function batchIdOf(tenant: string | undefined, idempotencyKey: string): string {
  return tenant === undefined ? digestOf('batch', idempotencyKey) : digestOf('batch', idempotencyKey, tenant);
}

/** What is wrong with the key of an item; undefined if it is valid. */
export function batchKeyProblem(key: string): string | undefined {
  if (key.length >= 1 && key.length <= BATCH_KEY_MAX_LENGTH && !/[\p{Cc}\p{Cs}\p{Cn}]/u.test(key))
    return undefined;
  return `must have 1 to ${BATCH_KEY_MAX_LENGTH} characters, none of them control characters, got ${key.length}: ${JSON.stringify(key.slice(0, 100))}`;
}
