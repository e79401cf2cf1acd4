import { isObject } from '../core/base/json-object.ts';
import { assertText, checkOptions, required, TEXT } from '../core/config/shape.ts';
import type { Priority } from '../core/model/priority.ts';
import { hasMembers, readJson, readRequest } from './answers.ts';
import type { Api } from './api.ts';
import { ApiError } from './errors.ts';
import { CALL, RUN } from './option-shapes.ts';
import type { RequestResource } from './request.ts';
import { assertIdempotencyKey, toRfc3339 } from './submission.ts';
import type { CallOptions } from './webhook-endpoints.ts';

/** A schedule to add. One of `json`, `text` and `base64` is the payload of its requests. */
export interface NewSchedule {
  /** 1 to 64 letters, digits, `_`, `-` and `.`. A schedule of this name is replaced. */
  readonly name: string;
  /** Minute, hour, day of month, month, day of week. Instead of {@link everyMinutes}. */
  readonly cron?: string;
  /** The time zone of the cron expression, such as `Europe/Berlin`. @default 'UTC' */
  readonly timeZone?: string;
  /** Whole minutes from one run to the next. Instead of {@link cron}. */
  readonly everyMinutes?: number;
  /** No run is before it. A string is in RFC 3339. */
  readonly startAt?: Date | string;
  /** No run is after it. A string is in RFC 3339. */
  readonly endAt?: Date | string;
  /** What happens to a run if the request of the previous run hasn't ended. @default 'queue' */
  readonly overlap?: 'queue' | 'skip' | 'cancel';
  /** Whether the last of the runs that could not be submitted in time is submitted late. @default 'last' */
  readonly missed?: 'last' | 'skip';
  readonly json?: unknown;
  readonly text?: string;
  readonly base64?: string;
  /** @default - by the form of the payload */
  readonly contentType?: string;
  /** Metadata for the processor, in printable ASCII. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly topic?: string;
  readonly priority?: Priority;
}

/** A schedule. Times are in RFC 3339, UTC. */
export interface Schedule {
  readonly name: string;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly everyMinutes?: number;
  readonly startAt?: string;
  readonly endAt?: string;
  readonly overlap: 'queue' | 'skip' | 'cancel';
  readonly missed: 'last' | 'skip';
  readonly topic?: string;
  readonly priority?: Priority;
  readonly createdAt: string;
  /** Since when it is paused; absent unless it is. */
  readonly pausedAt?: string;
  /** Its latest run that was submitted. */
  readonly lastRun?: ScheduleRun;
  /** Its latest run outside of its times, by `schedules.run()`. */
  readonly lastManualRun?: ScheduleRun;
  /** Its next runs, up to 5. */
  readonly nextRuns: readonly string[];
}

/** A run of a schedule, and its request. */
export interface ScheduleRun {
  readonly at: string;
  readonly requestId: string;
}

const PATH = '/v1/schedules';

/** Options of {@link SchedulesClient.run}. */
export interface ScheduleRunOptions extends CallOptions {
  /**
   * For a day, runs of the schedule with the same key are one request. 1 to 255 printable ASCII characters, without a space or
   * quote at either end.
   * @default a new key for every call, so that the client's own retries don't run it twice
   */
  readonly idempotencyKey?: string;
}

/** The latest run of a schedule: at its time or outside of its times. */
export function latestRun({ lastRun, lastManualRun }: Schedule): ScheduleRun | undefined {
  if (!lastRun || !lastManualRun) return lastRun ?? lastManualRun;
  return Date.parse(lastManualRun.at) > Date.parse(lastRun.at) ? lastManualRun : lastRun;
}

/** Manages the schedules of a service, which submit requests again and again. */
export class SchedulesClient {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Adds a schedule, or replaces that of its name. @throws ApiError with the code `schedule_invalid` or `schedule_limit` */
  async put(schedule: NewSchedule, options: CallOptions = {}): Promise<Schedule> {
    const { signal } = checkOptions('schedules.put()', options, CALL);
    const { startAt, endAt, ...given } = checkOptions('schedules.put()', schedule, { name: required(TEXT) });
    const answer = await this.#api.json({
      method: 'POST',
      path: PATH,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...given, startAt: toRfc3339(startAt), endAt: toRfc3339(endAt) }),
      signal,
    });
    return readJson(answer, 'a schedule', isSchedule);
  }

  /** Gets all schedules, by name. */
  async list(options: CallOptions = {}): Promise<readonly Schedule[]> {
    const { signal } = checkOptions('schedules.list()', options, CALL);
    return readJson(
      await this.#api.json({ method: 'GET', path: PATH, signal }),
      'a list of schedules',
      isList,
    ).schedules;
  }

  /** Gets a schedule. @throws ApiError with the code `schedule_unknown` */
  async get(name: string, options: CallOptions = {}): Promise<Schedule> {
    const { signal } = checkOptions('schedules.get()', options, CALL);
    return readJson(
      await this.#api.json({ method: 'GET', path: pathOf(name), signal }),
      'a schedule',
      isSchedule,
    );
  }

  /** Pauses a schedule: it has no runs until it is resumed. @throws ApiError with the code `schedule_unknown` */
  async pause(name: string, options: CallOptions = {}): Promise<Schedule> {
    return this.#post(`${pathOf(name)}/pause`, options);
  }

  /**
   * Resumes a schedule that is paused. Runs of the time in which it was paused are left out.
   * @throws ApiError with the code `schedule_unknown`
   */
  async resume(name: string, options: CallOptions = {}): Promise<Schedule> {
    return this.#post(`${pathOf(name)}/resume`, options);
  }

  /**
   * Runs a schedule now, also one that is paused. Its next runs and its pause stay as they are.
   * @returns the request; its `id`, `NAME.TIME.` and 8 random hexadecimal digits, is the ticket
   * @throws ApiError with the code `schedule_unknown`; Overloaded, IdempotencyKeyReused; RangeError for an invalid key
   */
  async run(name: string, options: ScheduleRunOptions = {}): Promise<RequestResource> {
    const { idempotencyKey = crypto.randomUUID(), signal } = checkOptions('schedules.run()', options, RUN);
    assertIdempotencyKey(idempotencyKey);
    const headers = { 'idempotency-key': idempotencyKey };
    return readRequest(
      await this.#api.json({ method: 'POST', path: `${pathOf(name)}/run`, headers, signal }),
    );
  }

  /** Removes a schedule. Requests that it has already submitted continue. @throws ApiError with the code `schedule_unknown` */
  async remove(name: string, options: CallOptions = {}): Promise<void> {
    const { signal } = checkOptions('schedules.remove()', options, CALL);
    return this.#api.retrier.run(async (attempt) => {
      try {
        await this.#api.jsonOnce({ method: 'DELETE', path: pathOf(name), signal });
      } catch (error) {
        // The answer of an earlier try was lost.
        if (attempt > 1 && error instanceof ApiError && error.code === 'schedule_unknown') return;
        throw error;
      }
    }, signal);
  }

  async #post(path: string, options: CallOptions): Promise<Schedule> {
    const { signal } = checkOptions('schedules', options, CALL);
    return readJson(await this.#api.json({ method: 'POST', path, signal }), 'a schedule', isSchedule);
  }
}

function pathOf(name: string): string {
  assertText('schedules', 'name', name);
  return `${PATH}/${encodeURIComponent(name)}`;
}

function isSchedule(value: unknown): value is Schedule {
  return (
    hasMembers(value, { name: 'string', createdAt: 'string' }) &&
    isObject(value) &&
    Array.isArray(value.nextRuns)
  );
}

function isList(value: unknown): value is { schedules: readonly Schedule[] } {
  return isObject(value) && Array.isArray(value.schedules) && value.schedules.every(isSchedule);
}
