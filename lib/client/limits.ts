import { isObject } from '../core/base/json-object.ts';
import type { Allowance, Limit } from '../core/config/limits.ts';
import { limitChangeProblem } from '../core/config/limits.ts';
import { assertText, checkOptions } from '../core/config/shape.ts';
import { hasMembers, type JsonAnswer, readJson } from './answers.ts';
import type { Api, Call } from './api.ts';
import { CALL } from './option-shapes.ts';
import { toRfc3339 } from './submission.ts';
import type { CallOptions } from './webhook-endpoints.ts';

/** What one value of a limit's key allows now, and how it stands. Times are in RFC 3339, UTC. */
export interface LimitView extends Allowance {
  /** `tenant`, `topic`, `all` or `metadata.NAME`. */
  readonly key: Limit['key'];
  /** Absent for the key `all`. */
  readonly value?: string;
  /** Requests that run, with places that processes keep for the next ones. Absent without `concurrency`. */
  readonly running?: number;
  /** Number of waiting requests. Absent without `maxWaiting`. */
  readonly waiting?: number;
  /** What was changed live. */
  readonly changed?: Allowance;
  /** No request starts before. */
  readonly pausedUntil?: string;
}

/** A live change of one value of a key. What is absent stays as it is. */
export interface LimitChange extends Allowance {
  /** No request starts before; a time that has passed ends a pause. A string is in RFC 3339. */
  readonly pausedUntil?: Date | string;
}

const PATH = '/v1/limits';

/**
 * Shows and changes the limits of a service. Every call but `list` may throw an `ApiError` with the code `limit_unknown` or
 * `limit_invalid`. Callers with a tenant may only show the limit of their tenant.
 */
export class LimitsClient {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Gets the limits as they are configured. */
  async list(options: CallOptions = {}): Promise<readonly Limit[]> {
    const { signal } = checkOptions('limits.list()', options, CALL);
    const answer = await this.#api.json({ method: 'GET', path: PATH, signal });
    return readJson(answer, 'a list of limits', isList).limits;
  }

  /** Gets what one value of a key allows now, and how it stands. @param value undefined for the key `all` */
  async get(key: string, value?: string, options: CallOptions = {}): Promise<LimitView> {
    return readView(await this.#api.json(callOf('GET', key, value, options)));
  }

  /**
   * Changes what a value of a key allows, within 5 seconds and until it is reset. Running requests continue.
   * @param value undefined for the key `all`
   * @throws ApiError with the code `limit_forbidden` for callers with a tenant, `limit_contended`; TypeError for a change that isn't an
   *   object
   */
  async change(
    key: string,
    value: string | undefined,
    change: LimitChange,
    options: CallOptions = {},
  ): Promise<LimitView> {
    const problem = limitChangeProblem(change);
    if (problem !== undefined) throw new TypeError(problem);
    const { pausedUntil, ...allowance } = change;
    return readView(
      await this.#api.json({
        ...callOf('PUT', key, value, options),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...allowance, pausedUntil: toRfc3339(pausedUntil) }),
      }),
    );
  }

  /**
   * Ends what was changed live, and a pause.
   * @param value undefined for the key `all`
   * @throws ApiError with the code `limit_forbidden` for callers with a tenant, `limit_contended`
   */
  async reset(key: string, value?: string, options: CallOptions = {}): Promise<LimitView> {
    return readView(await this.#api.json(callOf('DELETE', key, value, options)));
  }
}

function callOf(method: Call['method'], key: string, value: string | undefined, options: CallOptions): Call {
  assertText('limits', 'key', key);
  const { signal } = checkOptions('limits', options, CALL);
  return { method, path: `${PATH}/${encodeURIComponent(key)}`, query: { value }, signal };
}

function readView(answer: JsonAnswer): LimitView {
  return readJson(answer, 'a limit', isLimit);
}

function isLimit(value: unknown): value is Limit & LimitView {
  return hasMembers(value, { key: 'string' });
}

function isList(value: unknown): value is { readonly limits: readonly Limit[] } {
  return isObject(value) && Array.isArray(value.limits) && value.limits.every(isLimit);
}
