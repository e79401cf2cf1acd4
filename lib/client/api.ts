import { parseRetryAfter } from '../core/base/retry-after.ts';
import type { JsonAnswer } from './answers.ts';
import type { Auth } from './auth/auth.ts';
import { connect, readText, TimeLimit } from './connection.ts';
import { AnswerInvalid, apiErrorOf } from './errors.ts';
import { type OnRetry, Retrier, type RetryPolicy, type Timing } from './retry.ts';
import { readTransferError } from './transfer.ts';
import { baseUrlOf, callName, pairsOf, type Query, queryText } from './url.ts';

/** Configuration of {@link Api}. */
export interface ApiSettings {
  readonly baseUrl: string | URL;
  readonly auth?: Auth;
  readonly fetch: typeof fetch;
  readonly retry: RetryPolicy;
  readonly onRetry: OnRetry | undefined;
  readonly timing: Timing;
}

/** A call to the API. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Relative to the base URL. */
  readonly path: string;
  readonly query?: Query;
  /** Names in lower case; undefined values are omitted. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

/**
 * Timeout of a try. The API itself has 30 seconds.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
 */
const CALL_TIMEOUT_MILLISECONDS = 40_000;

/** Calls the API, with retries. */
export class Api {
  readonly fetch: typeof fetch;
  readonly retrier: Retrier;
  readonly timing: Timing;
  readonly #baseUrl: string;
  readonly #auth?: Auth;

  /** @throws ConfigurationError */
  constructor({ baseUrl, auth, fetch, retry, onRetry, timing }: ApiSettings) {
    this.#baseUrl = baseUrlOf(baseUrl);
    this.#auth = auth;
    this.fetch = fetch;
    this.timing = timing;
    this.retrier = new Retrier(retry, timing, onRetry);
  }

  /** Calls the API for JSON, with retries. @param isRetryable which errors to retry, see {@link Retrier.run} */
  json(call: Call, isRetryable?: (error: unknown) => boolean): Promise<JsonAnswer> {
    return this.retrier.run(() => this.jsonOnce(call), call.signal, isRetryable);
  }

  /** @throws ApiError, ConnectionFailed */
  async jsonOnce(call: Call): Promise<JsonAnswer> {
    const limit = new TimeLimit(CALL_TIMEOUT_MILLISECONDS, call.signal);
    try {
      const response = await this.#fetch(call, 'manual', limit.signal);
      const name = callName(call.method, this.urlOf(call));
      if (response.status < 200 || response.status > 299) {
        throw new AnswerInvalid(name, 'JSON', `HTTP ${response.status}`);
      }
      return { call: name, text: await readText(response, name), headers: response.headers };
    } finally {
      limit.end();
    }
  }

  /**
   * Calls once, without reading the body. Doesn't follow redirects, except in browsers, which hide the target of a
   * redirect.
   * @throws ApiError, ConnectionFailed, TransferRefused
   */
  async open(call: Call): Promise<Response> {
    const limit = new TimeLimit(CALL_TIMEOUT_MILLISECONDS, call.signal);
    try {
      const response = await this.#fetch(call, 'manual', limit.signal);
      return response.type === 'opaqueredirect' ? await this.#fetch(call, 'follow', limit.signal) : response;
    } finally {
      limit.end();
    }
  }

  async #fetch(call: Call, redirect: 'manual' | 'follow', signal: AbortSignal): Promise<Response> {
    const { method, body } = call;
    const unsigned = { method, url: this.urlOf(call), headers: defined(call.headers), body };
    const { headers, url = unsigned.url } =
      (await this.#auth?.({ ...unsigned, followed: redirect === 'follow' })) ?? {};
    // Built here, so that an invalid header is no ConnectionFailed.
    const sent = new Headers({ ...unsigned.headers, ...headers });
    const name = callName(method, url);
    const response = await connect(name, () =>
      this.fetch(url, { method, headers: sent, body, redirect, signal }),
    );
    if (response.status < 400) return response;
    if (response.redirected) throw await readTransferError(response, name);
    throw apiErrorOf(
      response,
      await readText(response, name),
      parseRetryAfter(response.headers.get('retry-after'), this.timing.now()),
    );
  }

  /** The URL of a call. */
  urlOf({ path, query = {} }: Pick<Call, 'path' | 'query'>): URL {
    const search = queryText(pairsOf(query));
    return new URL(`${this.#baseUrl}${path}${search && `?${search}`}`);
  }
}

function defined(headers: Call['headers'] = {}): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  return Object.fromEntries(entries);
}
