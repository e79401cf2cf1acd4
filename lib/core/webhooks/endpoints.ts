import { quote } from '../base/quote.ts';
import { WEBHOOK_EVENTS, type WebhookEvent } from '../config/settings.ts';
import { callbackUrlProblem } from '../model/callback-url.ts';
import { topicPatternProblem } from '../model/topic.ts';
import {
  ENDPOINT_DESCRIPTION_MAX_LENGTH,
  ENDPOINT_MAX_TOPICS,
  ENDPOINT_STATUSES,
  type EndpointStatus,
  healthy,
  MAX_WEBHOOK_ENDPOINTS,
  type NewWebhookEndpoint,
  type WebhookEndpoint,
  type WebhookEndpointChanges,
} from '../model/webhook-endpoint.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordIndex } from '../ports/record-store.ts';
import type {
  WebhookEndpointReader,
  WebhookEndpointStore,
  WebhookQueue,
  WebhookSecrets,
} from '../ports/webhooks.ts';
import { changeEndpoint, changeEndpoints } from './change-endpoint.ts';
import { endpointSecrets } from './endpoint-secrets.ts';
import { WebhookEndpointNotFound, WebhookEndpointRefused } from './errors.ts';
import { testWebhookOf } from './message.ts';
import type { WebhookRules } from './recipient.ts';
import { type Replayed, type ReplayWindow, replayWindow } from './replay.ts';
import { sendWebhooks } from './resend.ts';

/** An endpoint, as callers see it. */
export interface WebhookEndpointView {
  readonly id: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly topics?: readonly string[];
  readonly description?: string;
  readonly status: EndpointStatus;
  /** When deliveries began to fail: the first failure since the last success. */
  readonly failingSince?: Date;
  /** Why it began to fail or was disabled. */
  readonly lastError?: string;
  readonly createdAt: Date;
  /** Until when deliveries are also signed with the previous secret. */
  readonly previousSecretUntil?: Date;
}

/** An endpoint with the secret that verifies its webhooks: `whsec_` and base64. */
export interface WebhookEndpointWithSecret extends WebhookEndpointView {
  readonly secret: string;
}

/** Whose endpoints they are. */
export interface EndpointOwner {
  /** The endpoints get the outcomes of the requests of this tenant. @default - of requests without a tenant */
  readonly tenant?: string;
}

/** How to rotate a secret. */
export interface RotationOptions extends EndpointOwner {
  /** How long deliveries are signed with the old secret too, in seconds, up to 30 days. @default 86400 */
  readonly graceSeconds?: number;
}

/** The dependencies of {@link WebhookEndpoints}. */
export interface EndpointTools {
  readonly store: WebhookEndpointStore;
  /** The secrets of the service, from which the secrets of endpoints are derived. */
  readonly secrets: WebhookSecrets;
  /** The webhook queue. */
  readonly queue: WebhookQueue;
  readonly index: RecordIndex;
  readonly rules: WebhookRules;
  readonly serviceName: string;
  readonly clock: Clock;
  readonly newId: (at: number) => string;
}

/** A day. */
const DEFAULT_GRACE_SECONDS = 86_400;

/** Longest time that deliveries are signed with an old secret: 30 days. */
export const MAX_GRACE_SECONDS = 2_592_000;

/** The webhook endpoints of a service: resources that are added and removed while it runs. */
export class WebhookEndpoints {
  readonly #tools: EndpointTools;

  constructor(tools: EndpointTools) {
    this.#tools = tools;
  }

  /** Reads the endpoints to send outcomes to. */
  get reader(): WebhookEndpointReader {
    return this.#tools.store;
  }

  /** Adds an endpoint. @throws WebhookEndpointRefused */
  async create(
    { url, events, topics, description }: NewWebhookEndpoint,
    { tenant }: EndpointOwner = {},
  ): Promise<WebhookEndpointWithSecret> {
    const { store, clock, newId } = this.#tools;
    const fields = {
      url,
      ...(events && { events }),
      ...(topics && { topics }),
      ...(description && { description }),
    };
    this.#assertFields(fields);
    const createdAt = clock.now();
    const endpoint: WebhookEndpoint = {
      id: newId(createdAt),
      ...fields,
      createdAt,
      status: 'enabled',
      generation: 1,
    };
    await changeEndpoints(store, tenant, (endpoints) => {
      if (endpoints.length < MAX_WEBHOOK_ENDPOINTS) return [...endpoints, endpoint];
      throw new WebhookEndpointRefused(
        'webhook_endpoint_limit',
        `There can be at most ${MAX_WEBHOOK_ENDPOINTS} webhook endpoints for a tenant, and there are ${endpoints.length}: remove one first`,
      );
    });
    return this.#withSecret(endpoint);
  }

  /** All endpoints of a tenant, the oldest first. */
  async list({ tenant }: EndpointOwner = {}): Promise<readonly WebhookEndpointView[]> {
    const { endpoints } = await this.#tools.store.read(tenant);
    return endpoints.map((endpoint) => this.#viewOf(endpoint));
  }

  /** @throws WebhookEndpointNotFound */
  async get(id: string, { tenant }: EndpointOwner = {}): Promise<WebhookEndpointView> {
    return this.#viewOf(await this.#find(id, tenant));
  }

  /** The secret that verifies the webhooks of an endpoint. @throws WebhookEndpointNotFound */
  async secret(id: string, { tenant }: EndpointOwner = {}): Promise<string> {
    return (await this.#withSecret(await this.#find(id, tenant))).secret;
  }

  /** Changes an endpoint. @throws WebhookEndpointNotFound, WebhookEndpointRefused */
  async update(
    id: string,
    changes: WebhookEndpointChanges,
    { tenant }: EndpointOwner = {},
  ): Promise<WebhookEndpointView> {
    this.#assertFields(changes);
    const changed = await changeEndpoint(this.#tools.store, tenant, id, (endpoint) =>
      applied(changes, endpoint),
    );
    return this.#viewOf(changed);
  }

  /** Removes an endpoint. Webhooks that wait for it aren't sent any more. @throws WebhookEndpointNotFound */
  async remove(id: string, { tenant }: EndpointOwner = {}): Promise<void> {
    await changeEndpoints(this.#tools.store, tenant, (endpoints) => {
      const left = endpoints.filter((endpoint) => endpoint.id !== id);
      if (left.length === endpoints.length) throw new WebhookEndpointNotFound(id);
      return left;
    });
  }

  /**
   * Gives an endpoint a new secret. Deliveries are signed with the old one too, until the grace time ends.
   * @throws WebhookEndpointNotFound; WebhookEndpointRefused for a grace time that isn't allowed, or while an earlier rotation
   *   has one left, unless the grace time is 0
   */
  async rotate(
    id: string,
    { graceSeconds = DEFAULT_GRACE_SECONDS, tenant }: RotationOptions = {},
  ): Promise<WebhookEndpointWithSecret> {
    const { store, clock } = this.#tools;
    if (!Number.isInteger(graceSeconds) || graceSeconds < 0 || graceSeconds > MAX_GRACE_SECONDS) {
      throw invalid(
        `graceSeconds must be a whole number of seconds from 0 to ${MAX_GRACE_SECONDS}, got ${quote(graceSeconds)}`,
      );
    }
    const rotated = await changeEndpoint(store, tenant, id, (endpoint) => {
      const now = clock.now();
      const { previousUntil = 0, ...rest } = endpoint;
      // A call that is repeated because its answer was lost would drop the secret that receivers still use.
      if (graceSeconds > 0 && previousUntil > now) {
        throw new WebhookEndpointRefused(
          'rotation_unfinished',
          `The secret of ${id} was rotated before, and the old one is valid until ${new Date(previousUntil).toISOString()}: rotate it after that, or at once with graceSeconds 0, got ${graceSeconds}`,
        );
      }
      const next = { ...rest, generation: endpoint.generation + 1 };
      return graceSeconds === 0 ? next : { ...next, previousUntil: now + graceSeconds * 1000 };
    });
    return this.#withSecret(rotated);
  }

  /** Sends a test to an endpoint, even to a disabled one. @returns its webhook id. @throws WebhookEndpointNotFound */
  async test(id: string, { tenant }: EndpointOwner = {}): Promise<string> {
    const { queue, clock } = this.#tools;
    const webhook = testWebhookOf(await this.#find(id, tenant), tenant, clock.now());
    await sendWebhooks([webhook], queue);
    return webhook.id;
  }

  /**
   * Sends the outcomes of a time window again, with the webhook ids that they have at this endpoint. A call sends those of one
   * page of requests; the next call continues at its cursor.
   * @throws WebhookEndpointNotFound; WebhookEndpointRefused for a window that ends before it begins, or a disabled endpoint
   */
  async replay(id: string, window: ReplayWindow, { tenant }: EndpointOwner = {}): Promise<Replayed> {
    const endpoint = await this.#find(id, tenant);
    if (endpoint.status === 'disabled') {
      throw new WebhookEndpointRefused(
        'webhook_endpoint_disabled',
        `The webhook endpoint ${id} is disabled, so nothing can be sent to it: enable it first`,
      );
    }
    return replayWindow(endpoint, tenant, window, this.#tools);
  }

  async #find(id: string, tenant: string | undefined): Promise<WebhookEndpoint> {
    const { endpoints } = await this.#tools.store.read(tenant);
    const endpoint = endpoints.find((one) => one.id === id);
    if (!endpoint) throw new WebhookEndpointNotFound(id);
    return endpoint;
  }

  async #withSecret(endpoint: WebhookEndpoint): Promise<WebhookEndpointWithSecret> {
    const { secrets, clock } = this.#tools;
    const [secret = ''] = endpointSecrets(await secrets.read(), endpoint, clock.now());
    return { ...this.#viewOf(endpoint), secret };
  }

  #viewOf(endpoint: WebhookEndpoint): WebhookEndpointView {
    const { generation: _, createdAt, failingSince, previousUntil, events, ...rest } = endpoint;
    const isRotating = previousUntil !== undefined && previousUntil > this.#tools.clock.now();
    return {
      ...rest,
      events: events ?? this.#tools.rules.webhookEvents,
      createdAt: new Date(createdAt),
      ...(failingSince !== undefined && { failingSince: new Date(failingSince) }),
      ...(isRotating && { previousSecretUntil: new Date(previousUntil) }),
    };
  }

  /** @throws WebhookEndpointRefused */
  #assertFields({ url, events, topics, description, status }: WebhookEndpointChanges): void {
    const urlProblem = url === undefined ? undefined : callbackUrlProblem(url, this.#tools.rules);
    if (urlProblem) throw invalid(`url: ${urlProblem}`);
    if (events && (events.length === 0 || !events.every((event) => WEBHOOK_EVENTS.includes(event)))) {
      throw invalid(`events must be one or more of ${WEBHOOK_EVENTS.join(', ')}, got ${quote(events)}`);
    }
    if (topics) assertTopics(topics);
    if (description && description.length > ENDPOINT_DESCRIPTION_MAX_LENGTH) {
      throw invalid(
        `description must have at most ${ENDPOINT_DESCRIPTION_MAX_LENGTH} characters, got ${description.length}`,
      );
    }
    if (status !== undefined && !ENDPOINT_STATUSES.includes(status)) {
      throw invalid(`status must be one of ${ENDPOINT_STATUSES.join(', ')}, got ${quote(status)}`);
    }
  }
}

function applied(changes: WebhookEndpointChanges, endpoint: WebhookEndpoint): WebhookEndpoint {
  const { events: oldEvents, topics: oldTopics, description: oldDescription, ...rest } = endpoint;
  const events = replaced(oldEvents, changes.events);
  const topics = replaced(oldTopics, changes.topics);
  const description = replaced(oldDescription, changes.description);
  const { url = rest.url, status = rest.status } = changes;
  const changed = {
    ...rest,
    url,
    ...(events && { events }),
    ...(topics && { topics }),
    ...(description && { description }),
    status,
  };
  return changes.status === 'enabled' ? healthy(changed) : changed;
}

/** A member after a change: absent leaves it, null removes it. */
function replaced<Value>(old: Value | undefined, change: Value | null | undefined): Value | undefined {
  return change === undefined ? old : (change ?? undefined);
}

/** @throws WebhookEndpointRefused */
function assertTopics(topics: readonly string[]): void {
  if (topics.length < 1 || topics.length > ENDPOINT_MAX_TOPICS) {
    throw invalid(`topics must be 1 to ${ENDPOINT_MAX_TOPICS} patterns, got ${topics.length}`);
  }
  for (const pattern of topics) {
    const problem = topicPatternProblem(pattern);
    if (problem) throw invalid(`topics: each ${problem}`);
  }
}

function invalid(problem: string): WebhookEndpointRefused {
  return new WebhookEndpointRefused('webhook_endpoint_invalid', problem);
}
