import type { Chance } from '../../lib/core/ports/clock.ts';

/** What the clock shows at first. */
export const START = Date.UTC(2026, 0, 31, 12);

/** A clock that stands until it is moved, and chance that isn't. */
export class SetChance implements Chance {
  time: number;
  /** What {@link random} gives next. */
  luck: number;

  constructor(time = START, luck = 0.5) {
    this.time = time;
    this.luck = luck;
  }

  now = (): number => this.time;

  random = (): number => this.luck;

  advanceSeconds(seconds: number): void {
    this.time += seconds * 1000;
  }
}
