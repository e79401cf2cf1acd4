import { requestPath } from '../core/model/request-links.ts';
import { requestOf, serviceStatusOf } from './answers.ts';
import { Api } from './api.ts';
import type { Auth } from './auth/auth.ts';
import { type ListOptions, listAll, listPage, type PageOptions } from './list.ts';
import type { PayloadBody } from './payload.ts';
import { openResult, type RequestResult } from './result.ts';
import { DEFAULT_RETRY, REAL_TIMING, type RetryPolicy, type Timing } from './retry.ts';
import { askStatus, type RequestOptions } from './status.ts';
import type { SubmissionOptions } from './submission.ts';
import { submit } from './submit.ts';
import type { RequestPage, RequestResource, ServiceStatus } from './types.ts';
import { type WaitOptions, waitForEnd } from './wait.ts';

/** What a client is made with. */
export interface ClientOptions {
  /** Where the API is, without `/v1`. */
  readonly baseUrl: string | URL;
  /** `sigv4(…)` or `bearer(…)`, as the API's authorizer asks. @default none */
  readonly auth?: Auth;
  /** @default the global one */
  readonly fetch?: typeof fetch;
  /** How often and how long calls are tried. @default 6 tries within 2 minutes */
  readonly retry?: Partial<RetryPolicy>;
  /** For tests. @default the real ones */
  readonly timing?: Timing;
}

/**
 * Hands in requests and collects their results, in Node and in browsers.
 *
 * Every call is tried again while that can help, see {@link ClientOptions.retry}; then it throws an `ApiError` of what
 * the API answered last, or `ConnectionFailed`. A `signal` that fires ends it at once, with the signal's reason.
 */
export class CoatcheckClient {
  readonly #api: Api;

  /** @throws ConfigurationError when the base URL isn't one */
  constructor({ baseUrl, auth, fetch, retry, timing = REAL_TIMING }: ClientOptions) {
    this.#api = new Api({
      baseUrl,
      auth,
      fetch: fetch ?? ((...call) => globalThis.fetch(...call)),
      retry: { ...DEFAULT_RETRY, ...retry },
      timing,
    });
  }

  /**
   * Hands in a payload of any size: up to 4 MiB in one call, a larger one straight to the store, above 100 MiB in
   * parts. When an upload fails for good its request is cancelled.
   * @returns the request; its `id` is the ticket
   * @throws Overloaded, IdempotencyKeyReused, PayloadTooLarge, TransferRefused among others; RangeError for an option
   * that is out of its bounds
   */
  submit(payload: PayloadBody, options: SubmissionOptions = {}): Promise<RequestResource> {
    return submit(this.#api, payload, options);
  }

  /** Hands in a value as JSON. @throws as {@link submit} does, and TypeError for a value JSON doesn't know */
  async submitJson(value: unknown, options: SubmissionOptions = {}): Promise<RequestResource> {
    const json: string | undefined = JSON.stringify(value);
    if (json === undefined) throw new TypeError(`JSON has no ${typeof value}`);
    return this.submit(json, { contentType: 'application/json', ...options });
  }

  /** Where a request stands. @throws RequestUnknown */
  async status(id: string, options: RequestOptions = {}): Promise<RequestResource> {
    return (await askStatus(this.#api, id, options)).request;
  }

  /** Waits until a request has ended, well or not. @throws WaitTimedOut, RequestUnknown */
  wait(id: string, options: WaitOptions = {}): Promise<RequestResource> {
    return waitForEnd(this.#api, id, options);
  }

  /**
   * The result of a request that succeeded. In a browser, one that lies in the store is reached by a redirect; the
   * bucket must allow any origin then.
   * @throws RequestPending, RequestFailed, RequestCancelled, RequestExpired, ResultGone, RequestUnknown
   */
  result(id: string, options: RequestOptions = {}): Promise<RequestResult> {
    return openResult(this.#api, id, options);
  }

  /**
   * Asks that a request be cancelled.
   * @returns the request: `cancelled`, or `cancelling` while its handler is being told
   * @throws RequestFinished when it had ended before, RequestUnknown
   */
  async cancel(id: string, { source, signal }: RequestOptions = {}): Promise<RequestResource> {
    const path = requestPath(id, '/cancel');
    return requestOf(await this.#api.json({ method: 'POST', path, query: { source }, signal }));
  }

  /**
   * Has the webhook of a request that has ended sent again, whether it was delivered or not.
   * @returns the request
   * @throws RequestUnknown; ApiError with the code `request_unfinished` while there is nothing to tell, or
   * `webhook_unknown` where nobody is told
   */
  async repeatWebhook(id: string, { source, signal }: RequestOptions = {}): Promise<RequestResource> {
    const path = requestPath(id, '/webhook');
    return requestOf(await this.#api.json({ method: 'POST', path, query: { source }, signal }));
  }

  /** Requests, the newest first; pages are fetched as they are come to. */
  list(options: ListOptions = {}): AsyncGenerator<RequestResource, void> {
    return listAll(this.#api, options);
  }

  /** One page of requests, the newest first. */
  listPage(options: PageOptions = {}): Promise<RequestPage> {
    return listPage(this.#api, options);
  }

  /** How busy the service is, and whether it takes requests. */
  async serviceStatus({ signal }: { readonly signal?: AbortSignal } = {}): Promise<ServiceStatus> {
    return serviceStatusOf(await this.#api.json({ method: 'GET', path: '/v1/status', signal }));
  }
}
