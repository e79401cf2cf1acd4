import { quote } from '../base/quote.ts';
import { serializeError } from '../base/serialize-error.ts';
import { timeProblem } from '../base/time.ts';
import { cronProblem } from '../model/cron.ts';
import { type Priority, priorityProblem } from '../model/priority.ts';
import type { RequestRecord } from '../model/request-record.ts';
import {
  everyMinutesProblem,
  MISSED_RUNS,
  nextRun,
  OVERLAPS,
  type Recurrence,
  type Schedule,
} from '../model/schedule.ts';
import { topicProblem } from '../model/topic.ts';
import { timeZoneProblem } from '../model/wall-time.ts';
import type { Clock } from '../ports/clock.ts';
import type { ListedSchedule, ScheduleKey, ScheduleStore, StoredSchedule } from '../ports/schedule-store.ts';
import type { ScheduleTimers } from '../ports/schedule-timers.ts';
import type { Logger } from '../ports/telemetry.ts';
import { RequestRefused } from './errors.ts';
import { requestOf } from './scheduled-request.ts';
import type { SubmitRequest } from './submissions.ts';

/** A schedule to add. */
export interface NewSchedule {
  /** 1 to 64 letters, digits, `_`, `-` and `.`, and neither `.` nor `..`. A schedule of the tenant with this name is replaced. */
  readonly name: string;
  readonly tenant?: string;
  /** Five fields: minute, hour, day of month, month, day of week. Instead of {@link everyMinutes}. */
  readonly cron?: string;
  /** The time zone of the cron expression, of the IANA database, such as `Europe/Berlin`. @default 'UTC' */
  readonly timeZone?: string;
  /** Whole minutes from one run to the next, counted from {@link startAt}, or from now. Instead of {@link cron}. */
  readonly everyMinutes?: number;
  /** No run is before it. @default - now */
  readonly startAt?: Date;
  /** No run is after it. @default - never */
  readonly endAt?: Date;
  /**
   * What happens to a run while the request of the run before hasn't ended: it is submitted too (`queue`), left out (`skip`), or
   * submitted after that request was cancelled (`cancel`). @default 'queue'
   */
  readonly overlap?: Schedule['overlap'];
  /** Whether the last of the runs that no process could start in time is made up for. @default 'last' */
  readonly missed?: Schedule['missed'];
  /** The payload of each request. */
  readonly payload: Uint8Array;
  readonly contentType: string;
  /** @default {} */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly topic?: string;
  readonly priority?: Priority;
}

/** A schedule, and how far it is. */
export interface ScheduleView {
  readonly name: string;
  readonly cron?: string;
  /** Only with {@link cron}. */
  readonly timeZone?: string;
  readonly everyMinutes?: number;
  readonly startAt?: Date;
  readonly endAt?: Date;
  readonly overlap: Schedule['overlap'];
  readonly missed: Schedule['missed'];
  readonly topic?: string;
  readonly priority?: Priority;
  readonly createdAt: Date;
  /** Since when it is paused; absent unless it is. */
  readonly pausedAt?: Date;
  /** Its latest run that was submitted. */
  readonly lastRun?: { readonly at: Date; readonly requestId: string };
  /** Its latest run outside of its times, by {@link Schedules.runNow}. */
  readonly lastManualRun?: { readonly at: Date; readonly requestId: string };
  /** Its next runs, up to 5. */
  readonly nextRuns: readonly Date[];
}

/** Most schedules of a tenant. */
const MAX_SCHEDULES = 1_000;

/** Largest payload of a schedule, in bytes. */
const SCHEDULE_MAX_PAYLOAD_BYTES = 65_536;

/** URLs resolve the names `.` and `..` as folders: their schedules couldn't be removed. */
const NAME = /^(?!\.{1,2}$)[\w.-]{1,64}$/;

const SHOWN_RUNS = 5;

/** The ports of {@link Schedules}. */
export interface SchedulesPorts {
  readonly store: ScheduleStore;
  /** Fire at the runs. @default - processes poll for due runs */
  readonly timers?: ScheduleTimers;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The schedules of a service. They submit a request at each of their runs.
 *
 * With timers, each revision of a schedule has one of its own. It is started before the schedule is stored, and stopped after the
 * schedule is replaced or removed. So a failure in between leaves no schedule without a timer, but maybe a timer without a
 * schedule, which stops when it fires next: see `ScheduleFirings`.
 */
export class Schedules {
  readonly #ports: SchedulesPorts;

  constructor(ports: SchedulesPorts) {
    this.#ports = ports;
  }

  /**
   * Adds a schedule, or replaces that of its name. Without timers, adding it again as it is changes nothing: a program that does so
   * at each start keeps the run that is due, and the times from which minutes are counted. One that is paused stays so.
   * @throws RequestRefused
   */
  async put(added: NewSchedule): Promise<ScheduleView> {
    const { store, timers, clock } = this.#ports;
    const schedule = newSchedule(added, clock.now());
    for (;;) {
      const known = await store.get(schedule);
      if (!timers && known && definitionOf(known.schedule) === definitionOf(schedule)) {
        return this.#viewOf(known);
      }
      if (!known) await this.#assertRoom(schedule);
      const pausedAt = known?.schedule.pausedAt;
      const written = { ...schedule, ...(pausedAt !== undefined && { pausedAt }) };
      // Fails if another call has changed the schedule meanwhile, such as paused it: then this one starts over.
      if (await this.#write(written, schedule.createdAt, known?.revision)) {
        return this.get(schedule.name, schedule.tenant);
      }
    }
  }

  /**
   * Pauses a schedule: it has no runs until it is resumed. A run that has begun is submitted.
   * @throws RequestRefused if there is none
   */
  async pause(name: string, tenant: string | undefined): Promise<ScheduleView> {
    return this.#change({ name, tenant }, (schedule, now) =>
      schedule.pausedAt === undefined ? { ...schedule, pausedAt: now } : undefined,
    );
  }

  /** Resumes a schedule that is paused. Runs of the time in which it was paused are left out. @throws RequestRefused if there is none */
  async resume(name: string, tenant: string | undefined): Promise<ScheduleView> {
    return this.#change({ name, tenant }, ({ pausedAt, ...schedule }) =>
      pausedAt === undefined ? undefined : schedule,
    );
  }

  /** @param changeOf the changed schedule; undefined if there is nothing to change */
  async #change(
    key: ScheduleKey,
    changeOf: (schedule: Schedule, now: number) => Schedule | undefined,
  ): Promise<ScheduleView> {
    const { store, clock } = this.#ports;
    for (;;) {
      const stored = await store.get(key);
      const now = clock.now();
      const changed = stored && changeOf(stored.schedule, now);
      // Fails if another call has changed the schedule meanwhile: then this one starts over.
      if (!changed || (await this.#write(changed, now, stored.revision))) {
        return this.get(key.name, key.tenant);
      }
    }
  }

  /** @param only the revision to replace. @default - whatever there is. @returns whether it is written */
  async #write(schedule: Schedule, now: number, only?: string): Promise<boolean> {
    const { store, timers } = this.#ports;
    const revision = crypto.randomUUID();
    const nextAt = schedule.pausedAt === undefined ? nextRun(schedule, now) : undefined;
    if (nextAt !== undefined) await timers?.start({ ...schedule, createdAt: now }, revision, nextAt);
    const replaced = await store.put(schedule, revision, nextAt, only);
    const isWritten = only === undefined || replaced !== undefined;
    const over = isWritten ? replaced : nextAt !== undefined && revision;
    if (over) await this.#stopTimer(schedule, over);
    return isWritten;
  }

  /** All schedules of a tenant, by name. */
  async list(tenant: string | undefined): Promise<readonly ScheduleView[]> {
    return (await this.#ports.store.list(tenant)).map((stored) => this.#viewOf(stored));
  }

  /** @throws RequestRefused if there is none */
  async get(name: string, tenant: string | undefined): Promise<ScheduleView> {
    return this.#viewOf(await this.#stored(name, tenant));
  }

  /** @throws RequestRefused if there is none */
  async #stored(name: string, tenant: string | undefined): Promise<StoredSchedule> {
    const stored = await this.#ports.store.get({ name, tenant });
    if (!stored) throw new RequestRefused('schedule_unknown', `There is no schedule ${quote(name)}`);
    return stored;
  }

  /**
   * Runs a schedule now, also before its start, after its end and while it is paused. None of these changes, and its next run
   * doesn't wait for the request.
   * @param submit submits the request of the run
   * @param idempotencyKey for a day, runs of the schedule with the same key are one request
   * @returns what `submit` returned
   * @throws RequestRefused if there is none, and what `submit` throws
   */
  async runNow<Submitted extends { readonly record: RequestRecord }>(
    { name, tenant }: ScheduleKey,
    idempotencyKey: string | undefined,
    submit: (request: SubmitRequest) => Promise<Submitted>,
  ): Promise<Submitted> {
    const { schedule } = await this.#stored(name, tenant);
    const submitted = await submit({ ...requestOf(schedule), schedule: name, idempotencyKey });
    await this.#noteManualRun({ name, tenant }, submitted.record);
    return submitted;
  }

  /** Never rejects: the request is submitted. */
  async #noteManualRun(key: ScheduleKey, { request: { id }, createdAt }: RequestRecord): Promise<void> {
    const { store, logger } = this.#ports;
    try {
      await store.noteManualRun(key, { at: createdAt, requestId: id });
    } catch (error) {
      const fields = { schedule: key.name, tenant: key.tenant, requestId: id, error: serializeError(error) };
      logger.warn('A run of a schedule was submitted, but its schedule does not show it', fields);
    }
  }

  /** Removes a schedule. Requests that it has already submitted continue. @returns whether there was one */
  async remove(name: string, tenant: string | undefined): Promise<boolean> {
    const key = { name, tenant };
    const removed = await this.#ports.store.remove(key);
    if (removed !== undefined) await this.#stopTimer(key, removed);
    return removed !== undefined;
  }

  /** @throws RequestRefused if the tenant has as many as it can */
  async #assertRoom({ tenant }: ScheduleKey): Promise<void> {
    const count = await this.#ports.store.count(tenant);
    if (count < MAX_SCHEDULES) return;
    throw new RequestRefused(
      'schedule_limit',
      `There can be ${MAX_SCHEDULES} schedules, and there are ${count}: remove one, or replace one by its name`,
    );
  }

  /** Never rejects: a timer that can't be stopped now stops when it fires next. */
  async #stopTimer({ name, tenant }: ScheduleKey, revision: string): Promise<void> {
    const { timers, logger } = this.#ports;
    try {
      await timers?.stop({ name, tenant }, revision);
    } catch (error) {
      const fields = { schedule: name, tenant, error: serializeError(error) };
      logger.warn('The timer of a schedule could not be stopped yet', fields);
    }
  }

  #viewOf({ schedule, state, lastManualRun }: ListedSchedule): ScheduleView {
    const {
      name,
      cron,
      timeZone,
      everyMinutes,
      startAt,
      endAt,
      overlap,
      missed,
      topic,
      priority,
      createdAt,
      pausedAt,
    } = schedule;
    const { lastAt, lastRequestId } = state;
    return {
      name,
      ...(cron === undefined ? { everyMinutes } : { cron, timeZone }),
      ...(startAt !== undefined && { startAt: new Date(startAt) }),
      ...(endAt !== undefined && { endAt: new Date(endAt) }),
      overlap,
      missed,
      ...(topic !== undefined && { topic }),
      ...(priority !== undefined && { priority }),
      createdAt: new Date(createdAt),
      ...(pausedAt !== undefined && { pausedAt: new Date(pausedAt) }),
      ...(lastAt !== undefined &&
        lastRequestId !== undefined && { lastRun: { at: new Date(lastAt), requestId: lastRequestId } }),
      ...(lastManualRun && { lastManualRun: { ...lastManualRun, at: new Date(lastManualRun.at) } }),
      nextRuns: nextRunsOf(schedule, state.nextAt),
    };
  }
}

/** The parts of a schedule that its client chose, to compare two. */
function definitionOf(schedule: Schedule): string {
  return JSON.stringify({ ...schedule, createdAt: undefined, pausedAt: undefined });
}

/** A schedule with its defaults. @param now milliseconds since 1970 @throws RequestRefused */
export function newSchedule(added: NewSchedule, now: number): Schedule {
  const schedule = scheduleOf(added, now);
  const problem = problemOf(added, schedule);
  if (problem !== undefined) throw new RequestRefused('schedule_invalid', problem);
  return schedule;
}

function nextRunsOf(schedule: Recurrence, nextAt: number | undefined): Date[] {
  const runs: Date[] = [];
  for (let at = nextAt; at !== undefined && runs.length < SHOWN_RUNS; at = nextRun(schedule, at)) {
    runs.push(new Date(at));
  }
  return runs;
}

function scheduleOf(added: NewSchedule, now: number): Schedule {
  const {
    startAt,
    endAt,
    payload,
    timeZone = 'UTC',
    overlap = OVERLAPS[0],
    missed = MISSED_RUNS[0],
    ...given
  } = added;
  return {
    metadata: {},
    ...given,
    timeZone,
    overlap,
    missed,
    startAt: startAt?.getTime(),
    endAt: endAt?.getTime(),
    payload: Buffer.from(payload).toString('base64'),
    createdAt: now,
  };
}

/** What is wrong with a schedule, and where. */
function problemOf({ payload, timeZone }: NewSchedule, schedule: Schedule): string | undefined {
  const { name, cron, everyMinutes, startAt, endAt, overlap, missed, topic, priority } = schedule;
  if (!NAME.test(name))
    return `name must be 1 to 64 letters, digits, _, - and ., and neither . nor .., got ${quote(name)}`;
  if ((cron === undefined) === (everyMinutes === undefined)) {
    return `A schedule must have one of cron and everyMinutes, got ${cron === undefined ? 'none' : 'both'}`;
  }
  if (cron !== undefined) {
    const problem = cronProblem(cron);
    if (problem !== undefined) return `cron ${problem}`;
  } else if (timeZone !== undefined) {
    return `timeZone must come with cron, got ${quote(timeZone)} with everyMinutes`;
  }
  const zoneProblem = timeZoneProblem(schedule.timeZone);
  if (zoneProblem !== undefined) return `timeZone ${zoneProblem}`;
  const intervalProblem = everyMinutes === undefined ? undefined : everyMinutesProblem(everyMinutes);
  if (intervalProblem !== undefined) return `everyMinutes ${intervalProblem}`;
  for (const [field, time] of Object.entries({ startAt, endAt })) {
    const problem = time === undefined ? undefined : timeProblem(time);
    if (problem !== undefined) return `${field} ${problem}`;
  }
  if (!OVERLAPS.includes(overlap)) return `overlap must be ${OVERLAPS.join(' or ')}, got ${quote(overlap)}`;
  if (!MISSED_RUNS.includes(missed))
    return `missed must be ${MISSED_RUNS.join(' or ')}, got ${quote(missed)}`;
  if (payload.byteLength < 1 || payload.byteLength > SCHEDULE_MAX_PAYLOAD_BYTES) {
    return `The payload must have 1 to ${SCHEDULE_MAX_PAYLOAD_BYTES} bytes, got ${payload.byteLength}`;
  }
  const problem = topic === undefined ? undefined : topicProblem(topic);
  if (problem !== undefined) return `topic ${problem}`;
  const unknown = priority === undefined ? undefined : priorityProblem(priority);
  if (unknown !== undefined) return `priority ${unknown}`;
  if (nextRun(schedule, schedule.createdAt) !== undefined) return undefined;
  return `endAt must be after the first run, got ${new Date(endAt ?? 0).toISOString()}`;
}
