import { CoatcheckError } from '../base/errors.ts';
import type { Schedule } from '../model/schedule.ts';
import type { ScheduleKey } from './schedule-store.ts';

/** A timer: it fires at the runs of one revision of a schedule. */
export interface ScheduleTimer extends ScheduleKey {
  readonly revision: string;
  /** When the revision was put, in milliseconds since 1970. */
  readonly createdAt: number;
}

/** Timers outside of the process, one for each schedule. They may fire twice, and up to some minutes late. */
export interface ScheduleTimers {
  /**
   * Starts a timer.
   * @param firstAt the first run, in milliseconds since 1970
   * @throws ScheduleRefused
   */
  start(schedule: Schedule, revision: string, firstAt: number): Promise<void>;
  /** Stops a timer. Does nothing if there is none. */
  stop(key: ScheduleKey, revision: string): Promise<void>;
}

/** No timer can fire at the runs of the schedule. */
export class ScheduleRefused extends CoatcheckError {
  override readonly name = 'ScheduleRefused';
  readonly code = 'schedule_invalid';

  constructor(reason: string) {
    super(`The schedule is refused: ${reason}`);
  }
}
