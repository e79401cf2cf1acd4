import type { Schedule, ScheduleState } from '../model/schedule.ts';

/** A schedule as a store keeps it. */
export interface StoredSchedule {
  readonly schedule: Schedule;
  readonly state: ScheduleState;
  /** Changes whenever the schedule is put. */
  readonly revision: string;
}

/** Stores schedules. Leaves out a limit: callers count. */
export interface ScheduleStore {
  /** Adds a schedule, or replaces that of its name: its latest run stays. @param nextAt milliseconds since 1970 */
  put(schedule: Schedule, nextAt: number | undefined): Promise<void>;
  /** Those of a tenant, by name. */
  list(tenant: string | undefined): Promise<readonly StoredSchedule[]>;
  get(tenant: string | undefined, name: string): Promise<StoredSchedule | undefined>;
  /** @returns whether there was one */
  remove(tenant: string | undefined, name: string): Promise<boolean>;
  /**
   * Leases the schedules whose next run is due, so that no other process runs them.
   * @param now, leasedUntil milliseconds since 1970
   */
  takeDue(now: number, leasedUntil: number): Promise<readonly StoredSchedule[]>;
  /** Ends the lease, and notes how far the schedule is, unless it was put or removed meanwhile. */
  advance(stored: StoredSchedule, state: ScheduleState): Promise<void>;
  /** When a schedule is due next, in milliseconds since 1970; undefined if none is. */
  nextDueAt(): number | undefined;
}
