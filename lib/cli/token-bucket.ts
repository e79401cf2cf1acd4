import { setTimeout } from 'node:timers/promises';

/** What a bucket is timed by. */
export interface BucketClock {
  /** Milliseconds that never go back. */
  now(): number;
  /** @throws when the signal fires */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const OWN_CLOCK: BucketClock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }),
};

/** Keeps to a rate: it fills evenly, and whoever takes more than is in it waits. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #clock: BucketClock;
  #tokens: number;
  #filledAt: number;
  /** The most that is taken at a time. */
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
