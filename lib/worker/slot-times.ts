import type { Clock } from '../core/ports/clock.ts';

/** The share of the latest message in the mean. The last dozen messages make up half of it. */
const LATEST_SHARE = 1 / 16;

/** Measures how long messages hold slots, including those that still hold one: a job may take hours. */
export class SlotTimes {
  readonly #clock: Clock;
  readonly #startedAt = new Set<{ readonly at: number }>();
  #mean: number | undefined;
  #isUsed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A message takes a slot. @returns a function to call when the slot is free */
  start(): () => void {
    const started = { at: this.#clock.now() };
    this.#startedAt.add(started);
    this.#isUsed = true;
    return () => {
      this.#startedAt.delete(started);
      const milliseconds = this.#clock.now() - started.at;
      this.#mean =
        this.#mean === undefined ? milliseconds : this.#mean + LATEST_SHARE * (milliseconds - this.#mean);
    };
  }

  /**
   * How long a message is expected to hold a slot, in milliseconds: the mean of recent messages, or of those that hold one
   * now if that is longer.
   * @returns undefined if no slot was held since the last call
   */
  read(): number | undefined {
    if (!this.#isUsed) return undefined;
    this.#isUsed = this.#startedAt.size > 0;
    const now = this.#clock.now();
    const ages = [...this.#startedAt].map(({ at }) => now - at);
    const meanAge = ages.reduce((sum, age) => sum + age, 0) / Math.max(ages.length, 1);
    return Math.max(this.#mean ?? 0, meanAge);
  }
}
