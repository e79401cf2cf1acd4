import { nextOfCron, parseCron } from './cron.ts';
import type { Priority } from './priority.ts';

/**
 * What happens to a run while the request of the run before hasn't ended: it is submitted too, it is left out, or it is submitted
 * after that request was cancelled.
 */
export const OVERLAPS = ['queue', 'skip', 'cancel'] as const;

/** What happens to runs that no process could start in time: the last of them is made up for, or none is. */
export const MISSED_RUNS = ['last', 'skip'] as const;

/** Most minutes from one run to the next: a year. */
export const MAX_EVERY_MINUTES = 366 * 24 * 60;

/** Why a schedule can't have runs at this interval; undefined if it can. */
export function everyMinutesProblem(minutes: number): string | undefined {
  if (Number.isInteger(minutes) && minutes >= 1 && minutes <= MAX_EVERY_MINUTES) return undefined;
  return `must be a whole number from 1 to ${MAX_EVERY_MINUTES}, got ${minutes}`;
}

/** How late a run may be and still isn't missed, in milliseconds. */
export const PUNCTUAL_MILLISECONDS = 60_000;

/** When a schedule has runs: by a cron expression in a time zone, or every some minutes. */
export interface Recurrence {
  /** Five fields. */
  readonly cron?: string;
  /** That of the cron expression, of the IANA database. */
  readonly timeZone: string;
  /** Counted from the start, or else from the creation. */
  readonly everyMinutes?: number;
  /** No run is before it, in milliseconds since 1970. */
  readonly startAt?: number;
  /** No run is after it, in milliseconds since 1970. */
  readonly endAt?: number;
  /** In milliseconds since 1970. */
  readonly createdAt: number;
}

/** A schedule: it submits a request at each of its runs. */
export interface Schedule extends Recurrence {
  /** Unique within its tenant. */
  readonly name: string;
  readonly tenant?: string;
  readonly overlap: (typeof OVERLAPS)[number];
  readonly missed: (typeof MISSED_RUNS)[number];
  /** The payload of its requests, in base64. */
  readonly payload: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly topic?: string;
  readonly priority?: Priority;
  /** Since when it is paused, and so has no runs, in milliseconds since 1970. */
  readonly pausedAt?: number;
}

/** How far a schedule is. Times are milliseconds since 1970. */
export interface ScheduleState {
  /** Its next run; absent after the last one. */
  readonly nextAt?: number;
  /** Its latest run that was submitted, and the request of that. */
  readonly lastAt?: number;
  readonly lastRequestId?: string;
}

/** The first run after a time; undefined if there is none. Times are milliseconds since 1970. */
export function nextRun(recurrence: Recurrence, after: number): number | undefined {
  const { startAt = 0, endAt = Number.POSITIVE_INFINITY } = recurrence;
  const at = nextOf(recurrence, Math.max(after, startAt - 1));
  return at === undefined || at > endAt ? undefined : at;
}

/** The last of the runs from one time to another, both included; undefined if there is none. */
export function lastRun(recurrence: Recurrence, from: number, to: number): number | undefined {
  // Runs are sought from shortly before the end at first: there may be one a minute for months.
  for (let span = 3_600_000; ; span *= 24) {
    const begin = Math.max(from, to - span);
    let last: number | undefined;
    for (let at = nextRun(recurrence, begin - 1); at !== undefined && at <= to; at = nextRun(recurrence, at))
      last = at;
    if (last !== undefined || begin === from) return last;
  }
}

/** The id of the request of a run: a run that is started twice is one request. @param at milliseconds since 1970 */
export function runId({ name }: Pick<Schedule, 'name'>, at: number): string {
  return `${name}.${new Date(at).toISOString().replace('.000Z', 'Z')}`;
}

/**
 * The id of a request that runs a schedule outside of its times. Two calls in one millisecond are two requests, so the time isn't enough.
 * @param at milliseconds since 1970
 */
export function runNowId({ name }: Pick<Schedule, 'name'>, at: number): string {
  return `${name}.${new Date(at).toISOString()}.${crypto.randomUUID().slice(0, 8)}`;
}

function nextOf(
  { cron, timeZone, everyMinutes, startAt, createdAt }: Recurrence,
  after: number,
): number | undefined {
  if (cron !== undefined) return nextOfCron(parseCron(cron), timeZone, after);
  const interval = (everyMinutes ?? 1) * 60_000;
  const anchor = startAt ?? createdAt;
  return anchor + Math.max(0, Math.floor((after - anchor) / interval) + 1) * interval;
}
