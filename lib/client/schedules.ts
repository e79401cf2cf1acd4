import { isObject } from '../core/base/json-object.ts';
import { hasMembers, readJson } from './answers.ts';
import type { Api } from './api.ts';
import { ApiError } from './errors.ts';
import { toRfc3339 } from './submission.ts';
import type { NewSchedule, Schedule } from './types.ts';
import type { CallOptions } from './webhook-endpoints.ts';

const PATH = '/v1/schedules';

/** Manages the schedules of a service, which submit requests again and again. */
export class SchedulesClient {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Adds a schedule, or replaces that of its name. @throws ApiError with the code `schedule_invalid` or `schedule_limit` */
  async put({ startAt, endAt, ...given }: NewSchedule, { signal }: CallOptions = {}): Promise<Schedule> {
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
  async list({ signal }: CallOptions = {}): Promise<readonly Schedule[]> {
    return readJson(
      await this.#api.json({ method: 'GET', path: PATH, signal }),
      'a list of schedules',
      isList,
    ).schedules;
  }

  /** Gets a schedule. @throws ApiError with the code `schedule_unknown` */
  async get(name: string, { signal }: CallOptions = {}): Promise<Schedule> {
    return readJson(
      await this.#api.json({ method: 'GET', path: pathOf(name), signal }),
      'a schedule',
      isSchedule,
    );
  }

  /** Pauses a schedule: it has no runs until it is resumed. @throws ApiError with the code `schedule_unknown` */
  pause(name: string, options: CallOptions = {}): Promise<Schedule> {
    return this.#post(`${pathOf(name)}/pause`, options);
  }

  /**
   * Resumes a schedule that is paused. Runs of the time in which it was paused are left out.
   * @throws ApiError with the code `schedule_unknown`
   */
  resume(name: string, options: CallOptions = {}): Promise<Schedule> {
    return this.#post(`${pathOf(name)}/resume`, options);
  }

  /** Removes a schedule. The requests that it has submitted go on. @throws ApiError with the code `schedule_unknown` */
  remove(name: string, { signal }: CallOptions = {}): Promise<void> {
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

  async #post(path: string, { signal }: CallOptions): Promise<Schedule> {
    return readJson(await this.#api.json({ method: 'POST', path, signal }), 'a schedule', isSchedule);
  }
}

function pathOf(name: string): string {
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
