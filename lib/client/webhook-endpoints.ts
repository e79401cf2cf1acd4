import { isObject } from '../core/base/json-object.ts';
import { assertText, checkOptions } from '../core/config/shape.ts';
import type { NewWebhookEndpoint, WebhookEndpointChanges } from '../core/model/webhook-endpoint.ts';
import { hasMembers, type JsonAnswer, readJson } from './answers.ts';
import type { Api, Call } from './api.ts';
import { ApiError } from './errors.ts';
import { CALL, REPLAY, ROTATION } from './option-shapes.ts';
import { isRejection } from './retry.ts';
import { toRfc3339 } from './submission.ts';

/** An event that a webhook can report. */
export type WebhookEvent = NonNullable<NewWebhookEndpoint['events']>[number];

/** A receiver of webhooks. Times are in RFC 3339, UTC. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly topics?: readonly string[];
  readonly description?: string;
  /** Nothing is sent to a disabled endpoint. */
  readonly status: 'enabled' | 'disabled';
  /** When deliveries began to fail: the first failure since the last success. */
  readonly failingSince?: string;
  /** Why it began to fail or was disabled. */
  readonly lastError?: string;
  readonly createdAt: string;
  /** Until when deliveries are also signed with the previous secret. */
  readonly previousSecretUntil?: string;
}

/** A webhook endpoint with the secret that verifies its webhooks. */
export interface WebhookEndpointWithSecret extends WebhookEndpoint {
  readonly secret: string;
}

/** What one call sent again, or would send. */
export interface ReplayedWebhooks {
  /** Requests that were looked at. */
  readonly examined: number;
  /** Outcomes that were sent, or would be without `dryRun`. */
  readonly sent: number;
  /** Cursor of the next call; absent when the window is done. */
  readonly next?: string;
}

/** Options of calls about webhook endpoints. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** How to rotate the secret of an endpoint. */
export interface RotationOptions extends CallOptions {
  /** How long deliveries are signed with the old secret too, in seconds, up to 30 days. @default 86400 */
  readonly graceSeconds?: number;
}

/** Which outcomes to send again: those of requests that were submitted in a time window. A string is in RFC 3339. */
export interface ReplayOptions extends CallOptions {
  /** Inclusive. */
  readonly from: Date | string;
  /** Exclusive. @default - now */
  readonly to?: Date | string;
  /** Only outcomes of requests that ended before this time: a dry run and a replay with the same time find the same ones. @default - all */
  readonly endedBefore?: Date | string;
  /** Whether to count the outcomes and send none. @default false */
  readonly dryRun?: boolean;
  /** `next` of the previous call. @default - begins with the newest */
  readonly cursor?: string;
}

const PATH = '/v1/webhook-endpoints';

/** Manages the webhook endpoints of a service. Every call may throw an `ApiError` with the code `webhook_endpoint_unknown`. */
export class WebhookEndpointsClient {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /**
   * Adds an endpoint. Isn't repeated if the connection fails: the endpoint may exist, see {@link list}.
   * @throws ApiError with the code `webhook_endpoint_invalid`, or `webhook_endpoint_limit` if there are too many
   */
  async create(endpoint: NewWebhookEndpoint, options: CallOptions = {}): Promise<WebhookEndpointWithSecret> {
    const { signal } = checkOptions('webhookEndpoints.create()', options, CALL);
    return readWithSecret(
      await this.#api.json(
        { ...jsonCall('POST', PATH, checkOptions('webhookEndpoints.create()', endpoint, {})), signal },
        isRejection,
      ),
    );
  }

  /** Gets all endpoints, the oldest first. */
  async list(options: CallOptions = {}): Promise<readonly WebhookEndpoint[]> {
    const { signal } = checkOptions('webhookEndpoints.list()', options, CALL);
    const answer = await this.#api.json({ method: 'GET', path: PATH, signal });
    return readJson(answer, 'a list of webhook endpoints', isList).endpoints;
  }

  /** Gets an endpoint. */
  async get(id: string, options: CallOptions = {}): Promise<WebhookEndpoint> {
    const { signal } = checkOptions('webhookEndpoints.get()', options, CALL);
    return readEndpoint(await this.#api.json({ method: 'GET', path: pathOf(id), signal }));
  }

  /** Changes an endpoint. @throws ApiError with the code `webhook_endpoint_invalid` */
  async update(
    id: string,
    changes: WebhookEndpointChanges,
    options: CallOptions = {},
  ): Promise<WebhookEndpoint> {
    const { signal } = checkOptions('webhookEndpoints.update()', options, CALL);
    return readEndpoint(
      await this.#api.json({
        ...jsonCall('PATCH', pathOf(id), checkOptions('webhookEndpoints.update()', changes, {})),
        signal,
      }),
    );
  }

  /** Removes an endpoint. */
  async remove(id: string, options: CallOptions = {}): Promise<void> {
    const { signal } = checkOptions('webhookEndpoints.remove()', options, CALL);
    return this.#api.retrier.run(async (attempt) => {
      try {
        await this.#api.jsonOnce({ method: 'DELETE', path: pathOf(id), signal });
      } catch (error) {
        // The answer of an earlier try was lost.
        if (attempt > 1 && error instanceof ApiError && error.code === 'webhook_endpoint_unknown') return;
        throw error;
      }
    }, signal);
  }

  /** Gets the secret that verifies the webhooks of an endpoint. */
  async secret(id: string, options: CallOptions = {}): Promise<string> {
    const { signal } = checkOptions('webhookEndpoints.secret()', options, CALL);
    const answer = await this.#api.json({ method: 'GET', path: pathOf(id, '/secret'), signal });
    return readJson(answer, 'a secret', hasSecret).secret;
  }

  /**
   * Gives an endpoint a new secret. Isn't repeated if the connection fails: the secret may have changed, see {@link secret}.
   * @throws ApiError with the code `rotation_unfinished` while the old secret of an earlier rotation is valid
   */
  async rotate(id: string, options: RotationOptions = {}): Promise<WebhookEndpointWithSecret> {
    const { graceSeconds, signal } = checkOptions('webhookEndpoints.rotate()', options, ROTATION);
    const call = jsonCall('POST', pathOf(id, '/rotate'), { graceSeconds });
    return readWithSecret(await this.#api.json({ ...call, signal }, isRejection));
  }

  /** Sends a test to an endpoint. @returns its webhook id */
  async test(id: string, options: CallOptions = {}): Promise<string> {
    const { signal } = checkOptions('webhookEndpoints.test()', options, CALL);
    const answer = await this.#api.json({ method: 'POST', path: pathOf(id, '/test'), signal });
    return readJson(answer, 'a test', isTest).webhookId;
  }

  /**
   * Sends outcomes again: those of up to 100 requests. Call it again with `next` as the cursor for the others.
   * @throws ApiError with the code `replay_invalid`, or `webhook_endpoint_disabled`
   */
  async replay(id: string, given: ReplayOptions): Promise<ReplayedWebhooks> {
    const { from, to, endedBefore, signal, ...options } = checkOptions(
      'webhookEndpoints.replay()',
      given,
      REPLAY,
    );
    const window = { from: toRfc3339(from), to: toRfc3339(to), endedBefore: toRfc3339(endedBefore) };
    const call = jsonCall('POST', pathOf(id, '/replay'), { ...window, ...options });
    return readJson(await this.#api.json({ ...call, signal }), 'what was replayed', isReplayed);
  }
}

function pathOf(id: string, more = ''): string {
  assertText('webhookEndpoints', 'id', id);
  return `${PATH}/${encodeURIComponent(id)}${more}`;
}

function jsonCall(method: Call['method'], path: string, body: object): Call {
  return { method, path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function readEndpoint(answer: JsonAnswer): WebhookEndpoint {
  return readJson(answer, 'a webhook endpoint', isEndpoint);
}

function readWithSecret(answer: JsonAnswer): WebhookEndpointWithSecret {
  return readJson(answer, 'a webhook endpoint with its secret', isWithSecret);
}

function isEndpoint(value: unknown): value is WebhookEndpoint {
  return hasMembers(value, { id: 'string', url: 'string', status: 'string' });
}

function isWithSecret(value: unknown): value is WebhookEndpointWithSecret {
  return isEndpoint(value) && hasSecret(value);
}

function hasSecret(value: unknown): value is { readonly secret: string } {
  return hasMembers(value, { secret: 'string' });
}

function isTest(value: unknown): value is { readonly webhookId: string } {
  return hasMembers(value, { webhookId: 'string' });
}

function isReplayed(value: unknown): value is ReplayedWebhooks {
  return hasMembers(value, { examined: 'number', sent: 'number' });
}

function isList(value: unknown): value is { readonly endpoints: readonly WebhookEndpoint[] } {
  return isObject(value) && Array.isArray(value.endpoints) && value.endpoints.every(isEndpoint);
}
