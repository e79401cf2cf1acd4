import type { Clock } from '../../lib/core/ports/clock.ts';

/** The time at which a {@link TestClock} starts. */
export const START = Date.UTC(2026, 0, 31, 12);

/** A clock that stands still until a test advances it. */
export class TestClock implements Clock {
  time: number;

  constructor(time = START) {
    this.time = time;
  }

  now = (): number => this.time;

  advanceSeconds(seconds: number): void {
    this.time += seconds * 1000;
  }
}
