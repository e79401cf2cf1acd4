import { setTimeout } from 'node:timers/promises';

/** Time source of a bucket. */
export interface BucketClock {
  /** Monotonic milliseconds. */
  now(): number;
  /** @throws when the signal fires */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const OWN_CLOCK: BucketClock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }),
};

/** Limits a rate: the bucket fills evenly, and a caller that takes more than it holds waits. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #clock: BucketClock;
  #tokens: number;
  #filledAt: number;
  /** Most tokens that can be taken at once. */
  readonly capacity: number;

  constructor(perSecond: number, capacity: number, clock = OWN_CLOCK) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#tokens = capacity;
    this.#filledAt = clock.now();
    this.capacity = capacity;
  }

  /** @param count up to the capacity @throws when the signal fires first */
  async take(count: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#fill();
    while (this.#tokens < count) {
      await this.#clock.sleep(Math.ceil(((count - this.#tokens) / this.#perSecond) * 1000), signal);
      this.#fill();
    }
    this.#tokens -= count;
  }

  #fill(): void {
    const now = this.#clock.now();
    const filled = ((now - this.#filledAt) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.capacity, this.#tokens + filled);
    this.#filledAt = now;
  }
}
