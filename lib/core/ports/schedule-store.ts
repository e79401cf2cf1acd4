import type { Schedule, ScheduleState } from '../model/schedule.ts';

/** Names a schedule. */
export type ScheduleKey = Pick<Schedule, 'name' | 'tenant'>;

/** A schedule as a store keeps it. */
export interface StoredSchedule {
  readonly schedule: Schedule;
  readonly state: ScheduleState;
  /** Changes whenever the schedule is put. */
  readonly revision: string;
  /** Its latest run outside of its times. */
  readonly lastManualRun?: ManualRun;
}

/** A run of a schedule outside of its times. */
export interface ManualRun {
  /** When it was submitted, in milliseconds since 1970. */
  readonly at: number;
  readonly requestId: string;
}

/** A schedule in a list, which may leave out the payload. */
export interface ListedSchedule extends Omit<StoredSchedule, 'schedule'> {
  readonly schedule: Omit<Schedule, 'payload'>;
}

/** Stores schedules. Leaves out a limit: callers count. Times are milliseconds since 1970. */
export interface ScheduleStore {
  /**
   * Adds a schedule, or replaces that of its name: its latest runs stay.
   * @param revision unique for each put
   * @param nextAt its first run
   * @param replaced the only revision to replace. @default - whatever there is
   * @returns the revision that it replaced, if it is known; undefined if there is no longer the one to replace
   */
  put(
    schedule: Schedule,
    revision: string,
    nextAt: number | undefined,
    replaced?: string,
  ): Promise<string | undefined>;
  /** Those of a tenant, by name. May lag behind the last changes. */
  list(tenant: string | undefined): Promise<readonly ListedSchedule[]>;
  /** How many a tenant has. May lag behind the last changes. */
  count(tenant: string | undefined): Promise<number>;
  get(key: ScheduleKey): Promise<StoredSchedule | undefined>;
  /** @returns the revision that it removed; undefined if there was none */
  remove(key: ScheduleKey): Promise<string | undefined>;
  /**
   * Leases a schedule whose next run is due, so that no other process runs it.
   * @returns undefined if it isn't due, another process has it, or there is none
   */
  take(key: ScheduleKey, now: number, leasedUntil: number): Promise<StoredSchedule | undefined>;
  /** Ends the lease, and notes how far the schedule is, unless it was put or removed meanwhile. */
  advance(stored: StoredSchedule, state: ScheduleState): Promise<void>;
  /** Notes a run outside of its times, unless a later one is noted or the schedule was removed. Changes nothing else. */
  noteManualRun(key: ScheduleKey, run: ManualRun): Promise<void>;
}

/** Finds the schedules that are due, where no timer fires for each. Times are milliseconds since 1970. */
export interface DueSchedules {
  /** Those whose next run is due, and that no process has leased. */
  due(now: number): readonly ScheduleKey[];
  /** When a schedule is due next; undefined if none is. */
  nextDueAt(): number | undefined;
}
