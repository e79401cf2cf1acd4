import { backoffBound } from '../core/base/backoff.ts';
import type { Clock } from '../core/ports/clock.ts';
import { ApiError, ConnectionFailed, TransferRefused } from './errors.ts';

/** How often and how long a call is retried. */
export interface RetryPolicy {
  /** Tries in all. @default 6 */
  readonly attempts: number;
  /** Upper bound of the first wait; doubles with every try. @default 200 */
  readonly baseMilliseconds: number;
  /** Upper bound of every wait, unless the API asks for a longer one. @default 20_000 */
  readonly capMilliseconds: number;
  /** No further try starts after this time. @default 120_000 */
  readonly totalMilliseconds: number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 6,
  baseMilliseconds: 200,
  capMilliseconds: 20_000,
  totalMilliseconds: 120_000,
};

/** Learns of a failed try that is followed by another one, and of the wait before that. */
export type OnRetry = (error: unknown, waitMilliseconds: number) => void;

/** Time and random numbers, injected so that tests can set them. */
export interface Timing extends Clock {
  /** From 0 (inclusive) to 1 (exclusive). */
  random(): number;
  /** @throws the signal's reason when it fires first */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const REAL_TIMING: Timing = { now: Date.now, random: Math.random, sleep };

/** Retries work by a policy. */
export class Retrier {
  readonly #policy: RetryPolicy;
  readonly #timing: Timing;
  readonly #onRetry: OnRetry | undefined;

  constructor(policy: RetryPolicy, timing: Timing, onRetry?: OnRetry) {
    this.#policy = policy;
    this.#timing = timing;
    this.#onRetry = onRetry;
  }

  /**
   * Runs work until it succeeds, fails permanently, or reaches the policy's limits.
   * @param work receives the number of the try, from 1
   * @throws what the last try threw, or the signal's reason
   */
  async run<Value>(
    work: (attempt: number) => Promise<Value>,
    signal?: AbortSignal,
    isRetryable: (error: unknown) => boolean = isTransient,
  ): Promise<Value> {
    const { attempts, totalMilliseconds } = this.#policy;
    const giveUpAt = this.#timing.now() + totalMilliseconds;
    for (let attempt = 1; ; attempt++) {
      try {
        signal?.throwIfAborted();
        return await work(attempt);
      } catch (error) {
        signal?.throwIfAborted();
        const delay = this.#delayMilliseconds(error, attempt);
        if (attempt >= attempts || !isRetryable(error) || this.#timing.now() + delay > giveUpAt) throw error;
        this.#onRetry?.(error, delay);
        await this.#timing.sleep(delay, signal);
      }
    }
  }

  /**
   * Full jitter, added to the wait that the API asks for. Otherwise all clients that got the same `Retry-After` would
   * return at once.
   * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
   */
  #delayMilliseconds(error: unknown, attempt: number): number {
    const { baseMilliseconds, capMilliseconds } = this.#policy;
    const requested = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    const bound = backoffBound(attempt, baseMilliseconds, capMilliseconds);
    return requested + this.#timing.random() * bound;
  }
}

/** Codes of a call whose first try is still in progress. */
const BUSY_CODES = ['idempotency_key_busy', 'request_id_busy'];

/** Whether the same call may succeed later. Only for idempotent calls. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ConnectionFailed) return true;
  if (error instanceof ApiError) {
    return BUSY_CODES.includes(error.code) || [429, 500, 502, 503, 504].includes(error.status);
  }
  // S3 answers 400 to a body that arrives too slowly.
  return error instanceof TransferRefused && (error.status >= 500 || error.storeCode === 'RequestTimeout');
}

/** Whether a call may be repeated although it isn't idempotent: it took no effect, or a harmless one. */
export function isSafeToRepeat(error: unknown): boolean {
  return error instanceof ConnectionFailed || isRejection(error);
}

/** Whether a call took no effect, and may succeed later. */
export function isRejection(error: unknown): boolean {
  return error instanceof ApiError && [429, 503].includes(error.status);
}

async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
