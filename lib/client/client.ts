import {
  assertText,
  checkOptions,
  FUNCTION,
  listOf,
  type MemberShapes,
  openObjectOf,
  required,
  VALUE,
} from '../core/config/shape.ts';
import type { ReceiptKeys } from '../core/model/receipt.ts';
import { requestPath } from '../core/model/request-links.ts';
import { ActionsClient } from './actions.ts';
import {
  readActivity,
  readAlarms,
  readLedger,
  readPause,
  readReceiptKeys,
  readRequest,
  readServiceStatus,
  readSettings,
} from './answers.ts';
import { Api } from './api.ts';
import type { Auth } from './auth/auth.ts';
import { BatchesClient } from './batches.ts';
import type { RequestContent } from './content.ts';
import { FailuresClient } from './failures.ts';
import { LimitsClient } from './limits.ts';
import { type ListOptions, listAll, listPage, type PageOptions } from './list.ts';
import { openContent } from './open-content.ts';
import { ACTIVITY, CALL, LIST, REQUEST, SUBMISSION, WATCH } from './option-shapes.ts';
import type { PayloadBody } from './payload.ts';
import type { RequestPage, RequestResource, SubmittedRequest } from './request.ts';
import { DEFAULT_RETRY, type OnRetry, REAL_TIMING, type RetryPolicy, type Timing } from './retry.ts';
import { SchedulesClient } from './schedules.ts';
import type {
  Activity,
  Ledger,
  NewPause,
  Pause,
  ServiceAlarm,
  ServiceSetting,
  ServiceStatus,
} from './service.ts';
import { getRequest, type RequestOptions } from './status.ts';
import { type SubmissionOptions, toRfc3339 } from './submission.ts';
import { submit } from './submit.ts';
import { type BatchOptions, type BatchRequest, type BatchResult, submitBatch } from './submit-batch.ts';
import { type WaitOptions, waitForEnd } from './wait.ts';
import { type CallOptions, WebhookEndpointsClient } from './webhook-endpoints.ts';

/** Options of {@link CoatcheckClient}. */
export interface ClientOptions {
  /** URL of the API, without `/v1`. */
  readonly baseUrl: string | URL;
  /** `sigv4(…)` or `bearer(…)`, depending on the API's authorizer. @default none */
  readonly auth?: Auth;
  /** @default the global one */
  readonly fetch?: typeof fetch;
  /** How calls are retried. @default 6 tries within 2 minutes */
  readonly retry?: Partial<RetryPolicy>;
  /** Is called before the wait for the next try of a call, for example to show that a service is full. @default nothing */
  readonly onRetry?: OnRetry;
  /** For tests. @default the real ones */
  readonly timing?: Timing;
}

/** The base URL has a check of its own. */
const OPTIONS: MemberShapes<ClientOptions> = {
  baseUrl: VALUE,
  auth: FUNCTION,
  fetch: FUNCTION,
  retry: openObjectOf({}),
  onRetry: FUNCTION,
  timing: openObjectOf({}),
};

/** Options of {@link CoatcheckClient.activity}. */
export interface ActivityOptions {
  /** 1 to 24. @default 6 */
  readonly hours?: number;
  readonly signal?: AbortSignal;
}

/**
 * Submits requests and collects their results, in Node and in browsers.
 *
 * Transient failures are retried, see {@link ClientOptions.retry}. After the last try, a call throws an `ApiError` with
 * the API's last answer, or `ConnectionFailed`. An aborted `signal` ends a call at once, with the signal's reason. An argument
 * or option of a wrong type ends a call with a `TypeError` that names it.
 */
export class CoatcheckClient {
  /** Actions of operators on many requests, if the service has them: `coatcheck serve` does. */
  readonly actions: ActionsClient;
  /** The webhook endpoints of the service, if it has them. */
  readonly webhookEndpoints: WebhookEndpointsClient;
  /** The schedules of the service, if it has them: `coatcheck serve`, and on AWS `api: { schedules: true }`. */
  readonly schedules: SchedulesClient;
  /** The batches of the service, if it has them: those of `coatcheck serve` do. */
  readonly batches: BatchesClient;
  /** The failed requests of the service, in groups. */
  readonly failures: FailuresClient;
  /** The limits of the service. */
  readonly limits: LimitsClient;
  readonly #api: Api;

  /** @throws ConfigurationError for an invalid base URL; TypeError for an option of a wrong type */
  constructor(options: ClientOptions) {
    const {
      baseUrl,
      auth,
      fetch,
      retry,
      onRetry,
      timing = REAL_TIMING,
    } = checkOptions('CoatcheckClient', options, OPTIONS);
    this.#api = new Api({
      baseUrl,
      auth,
      fetch: fetch ?? ((...call) => globalThis.fetch(...call)),
      retry: { ...DEFAULT_RETRY, ...retry },
      onRetry,
      timing,
    });
    this.actions = new ActionsClient(this.#api);
    this.batches = new BatchesClient(this.#api);
    this.failures = new FailuresClient(this.#api);
    this.limits = new LimitsClient(this.#api);
    this.schedules = new SchedulesClient(this.#api);
    this.webhookEndpoints = new WebhookEndpointsClient(this.#api);
  }

  /**
   * Submits a payload of any size: up to 4 MiB in one call, larger ones directly to the store, and in parts above
   * 100 MiB. If an upload fails permanently, its request is cancelled.
   * @returns the request; its `id` is the ticket
   * @throws Overloaded, IdempotencyKeyReused, PayloadTooLarge, PayloadUnreadable, TransferRefused and others; RangeError for an
   * invalid option
   */
  async submit(payload: PayloadBody, options: SubmissionOptions = {}): Promise<SubmittedRequest> {
    return submit(this.#api, payload, checkOptions('submit()', options, SUBMISSION));
  }

  /** Submits a value as JSON. @throws as {@link submit}, and TypeError for a value that JSON can't represent */
  async submitJson(value: unknown, options: SubmissionOptions = {}): Promise<SubmittedRequest> {
    const json: string | undefined = JSON.stringify(value);
    if (json === undefined) throw new TypeError(`The payload must be a JSON value, got ${typeof value}`);
    return this.submit(json, {
      contentType: 'application/json',
      ...checkOptions('submitJson()', options, SUBMISSION),
    });
  }

  /**
   * Submits up to 100 requests in one call of up to about 4 MB. Each has its own result, in the same order. A request that is
   * refused doesn't affect the others. A repeated call with the same idempotency keys is safe. The requests have nothing else in
   * common: for many requests under one ticket, see {@link batches}.
   * @throws ApiError, ConnectionFailed if none was accepted for sure; RangeError for an invalid option
   */
  async submitBatch(requests: readonly BatchRequest[], options: BatchOptions = {}): Promise<BatchResult[]> {
    checkOptions('submitBatch()', { requests }, { requests: required(listOf(openObjectOf(SUBMISSION))) });
    return submitBatch(this.#api, requests, checkOptions('submitBatch()', options, SUBMISSION));
  }

  /** Gets a request. @throws RequestUnknown */
  async status(id: string, options: RequestOptions = {}): Promise<RequestResource> {
    assertText('status()', 'id', id);
    return (await getRequest(this.#api, id, checkOptions('status()', options, REQUEST))).request;
  }

  /** Waits until a request has ended, successfully or not. @throws WaitTimedOut, RequestUnknown */
  async wait(id: string, options: WaitOptions = {}): Promise<RequestResource> {
    assertText('wait()', 'id', id);
    return waitForEnd(this.#api, id, checkOptions('wait()', options, { ...REQUEST, ...WATCH }));
  }

  /**
   * Gets the result of a succeeded request. In a browser, a result in the store is reached through a redirect, so its
   * bucket must allow any origin.
   * @throws RequestPending, RequestFailed, RequestCancelled, RequestExpired, ResultGone, RequestUnknown
   */
  async result(id: string, options: RequestOptions = {}): Promise<RequestContent> {
    const { tenant } = checkOptions('result()', options, REQUEST);
    return openContent(this.#api, pathOf('result()', id, '/result', tenant), options);
  }

  /**
   * Gets the payload of a request as it was sent, if it is kept: in its message, until the request has ended, or in the store. One
   * with a content encoding that `fetch` knows comes decoded. In a browser, a payload in the store is reached as a result is.
   * @throws PayloadGone if it isn't kept any more; PayloadUnavailable if the API can't read it where it is; RequestUnknown
   */
  async payload(id: string, options: RequestOptions = {}): Promise<RequestContent> {
    const { tenant } = checkOptions('payload()', options, REQUEST);
    return openContent(this.#api, pathOf('payload()', id, '/payload', tenant), options);
  }

  /**
   * Cancels a request.
   * @returns the request: `cancelled`, or `cancelling` until its handler has stopped
   * @throws RequestFinished if it had ended before, RequestUnknown
   */
  async cancel(id: string, options: RequestOptions = {}): Promise<RequestResource> {
    const { source, tenant, signal } = checkOptions('cancel()', options, REQUEST);
    const path = pathOf('cancel()', id, '/cancel', tenant);
    return readRequest(await this.#api.json({ method: 'POST', path, query: { source }, signal }));
  }

  /**
   * Sends the webhooks of an ended request again, delivered or not.
   * @returns the request
   * @throws RequestUnknown; ApiError with the code `request_unfinished` if the request hasn't ended, or
   * `webhook_unknown` if it has no webhook
   */
  async repeatWebhook(id: string, options: RequestOptions = {}): Promise<RequestResource> {
    const { source, tenant, signal } = checkOptions('repeatWebhook()', options, REQUEST);
    const path = pathOf('repeatWebhook()', id, '/webhook', tenant);
    return readRequest(await this.#api.json({ method: 'POST', path, query: { source }, signal }));
  }

  /** Lists requests, newest first. Fetches pages on demand. */
  list(options: ListOptions = {}): AsyncGenerator<RequestResource, void> {
    return listAll(this.#api, checkOptions('list()', options, LIST));
  }

  /** Gets one page of requests, newest first. */
  async listPage(options: PageOptions = {}): Promise<RequestPage> {
    return listPage(this.#api, checkOptions('listPage()', options, LIST));
  }

  /** Gets the service's load, and whether it accepts requests. */
  async serviceStatus(options: CallOptions = {}): Promise<ServiceStatus> {
    const { signal } = checkOptions('serviceStatus()', options, CALL);
    return readServiceStatus(await this.#api.json({ method: 'GET', path: '/v1/status', signal }));
  }

  /** Lists the settings in effect, with where each came from. @throws ApiError with the code `operator_required` */
  async settings(options: CallOptions = {}): Promise<readonly ServiceSetting[]> {
    const { signal } = checkOptions('settings()', options, CALL);
    return readSettings(await this.#api.json({ method: 'GET', path: '/v1/settings', signal }));
  }

  /** Lists the alarms of the service, with their states. @throws ApiError with the code `operator_required` */
  async alarms(options: CallOptions = {}): Promise<readonly ServiceAlarm[]> {
    const { signal } = checkOptions('alarms()', options, CALL);
    return readAlarms(await this.#api.json({ method: 'GET', path: '/v1/alarms', signal }));
  }

  /**
   * Pauses all processing: requests are accepted and wait, and running requests continue. A pause ends at its time by itself, and
   * replaces an earlier one.
   * @throws ApiError with the code `operator_required`, `pause_invalid`, or `pause_unavailable` if the service can't be paused
   */
  async pause(pause: NewPause, options: CallOptions = {}): Promise<Pause> {
    const { signal } = checkOptions('pause()', options, CALL);
    const { until, reason } = checkOptions('pause()', pause, {});
    const body = JSON.stringify({ until: toRfc3339(until), reason });
    const headers = { 'content-type': 'application/json' };
    return readPause(await this.#api.json({ method: 'PUT', path: '/v1/pause', headers, body, signal }));
  }

  /**
   * Ends a pause of an operator, if there is one. A pause by the circuit breaker continues.
   * @returns the pause that it ended; undefined if none was in effect, or an earlier try ended it and its answer was lost
   * @throws ApiError with the code `operator_required`, or `pause_unavailable` if the service can't be paused
   */
  async resume(options: CallOptions = {}): Promise<Pause | undefined> {
    const { signal } = checkOptions('resume()', options, CALL);
    const answer = await this.#api.json({ method: 'DELETE', path: '/v1/pause', signal });
    // An API that is older than this client answers 204 in either case.
    return answer.text === '' ? undefined : readPause(answer);
  }

  /**
   * Gets the ledger of the service: of this moment from `coatcheck dev` and `coatcheck serve`, and of the latest audit on AWS.
   * @throws ApiError with the code `operator_required` for callers that aren't operators, and `ledger_off` before the first audit
   */
  async ledger(options: CallOptions = {}): Promise<Ledger> {
    const { signal } = checkOptions('ledger()', options, CALL);
    return readLedger(await this.#api.json({ method: 'GET', path: '/v1/ledger', signal }));
  }

  /**
   * Gets how many requests were submitted and ended in the last hours, if the service counts them: `coatcheck dev` and
   * `coatcheck serve` do, and on AWS `api: { activity: true }`.
   * @throws ApiError with the code `operator_required` for callers that aren't operators
   */
  async activity(options: ActivityOptions = {}): Promise<Activity> {
    const { hours, signal } = checkOptions('activity()', options, ACTIVITY);
    const query = { hours: hours?.toString() };
    return readActivity(await this.#api.json({ method: 'GET', path: '/v1/activity', query, signal }));
  }

  /** Gets the public keys that receipts are verified with, if the service gives receipts. See `verifyReceipt`. */
  async receiptKeys(options: CallOptions = {}): Promise<ReceiptKeys> {
    const { signal } = checkOptions('receiptKeys()', options, CALL);
    const answer = await this.#api.json({ method: 'GET', path: '/v1/receipts/keys', signal });
    return readReceiptKeys(answer);
  }
}

/** The path of a call about a request. @throws TypeError for an id that is no text */
function pathOf(call: string, id: string, rest: string, tenant: string | undefined): string {
  assertText(call, 'id', id);
  return requestPath(id, rest, tenant);
}
