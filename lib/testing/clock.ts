import { ConfigurationError } from '../core/base/errors.ts';
import type { Clock } from '../core/ports/clock.ts';

/** A span of time: the sum of its members. */
export interface TimeSpan {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
}

const MILLISECONDS: Readonly<Record<keyof TimeSpan, number>> = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
  milliseconds: 1,
};

/** A clock that stands still until it is advanced. */
export class ManualClock implements Clock {
  #now: number;

  /** @param now milliseconds since 1970 */
  constructor(now: number) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  /** @throws ConfigurationError for a span that isn't a number of milliseconds from 0 */
  advance(span: TimeSpan): void {
    const sum = Object.entries(MILLISECONDS).reduce(
      (sum, [unit, milliseconds]) => sum + (Reflect.get(span, unit) ?? 0) * milliseconds,
      0,
    );
    if (!(sum >= 0 && sum < Number.POSITIVE_INFINITY)) {
      throw new ConfigurationError(
        `advance() takes a span of time of 0 or more, in days, hours, minutes, seconds and milliseconds, got ${JSON.stringify(span)}`,
      );
    }
    this.#now += sum;
  }

  /** @param time milliseconds since 1970; nothing happens when it is over */
  advanceTo(time: number): void {
    this.#now = Math.max(this.#now, time);
  }
}
