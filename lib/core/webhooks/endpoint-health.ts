import { JSON_TYPE } from '../base/media-type.ts';
import { serializeError } from '../base/serialize-error.ts';
import { ENDPOINT_DISABLED_TYPE, ENDPOINT_TEST_TYPE, sourceOf } from '../model/event-names.ts';
import { failing, healthy, type WebhookEndpoint } from '../model/webhook-endpoint.ts';
import { shortReason, type WebhookState } from '../model/webhook-state.ts';
import type { EventBus } from '../ports/message-sink.ts';
import type { Logger, Metrics } from '../ports/telemetry.ts';
import type { WebhookEndpointStore } from '../ports/webhooks.ts';
import { changeEndpoint } from './change-endpoint.ts';
import { isPassing, type WebhookMessage } from './message.ts';
import { ENDPOINT_FAILING_SECONDS } from './retry-schedule.ts';

/** The ports of an {@link EndpointHealth}. */
export interface EndpointHealthPorts {
  readonly store: WebhookEndpointStore;
  readonly serviceName: string;
  readonly logger: Logger;
  /** Counts disabled endpoints; absent if metrics are off. */
  readonly metrics?: Metrics;
  /** Receives an event for each disabled endpoint; absent if there is no event bus. */
  readonly bus?: EventBus;
}

/** How an attempt at a delivery ended. */
export type AttemptEnd = Pick<WebhookState, 'status' | 'reason'>;

const GONE = 'the receiver answered 410';

/**
 * Tracks the health of endpoints by their deliveries, and writes only changes. An endpoint is disabled when its receiver
 * answers 410, or when a webhook used up its attempts and nothing was delivered for as long as these attempts take.
 */
export class EndpointHealth {
  readonly #ports: EndpointHealthPorts;

  constructor(ports: EndpointHealthPorts) {
    this.#ports = ports;
  }

  /** The endpoint of a webhook as it is now; undefined if nothing may be sent to it. A test may be sent to a disabled one. */
  async find({ endpoint: id, subject }: WebhookMessage): Promise<WebhookEndpoint | undefined> {
    const { endpoints } = await this.#ports.store.read(subject.request.tenant);
    const endpoint = endpoints.find((one) => one.id === id);
    return endpoint?.status === 'enabled' || subject.type === ENDPOINT_TEST_TYPE ? endpoint : undefined;
  }

  /** @param at when the attempt was made, in milliseconds since 1970 */
  async note(
    endpoint: WebhookEndpoint,
    { subject }: WebhookMessage,
    end: AttemptEnd,
    at: number,
  ): Promise<void> {
    const change = (current: WebhookEndpoint) => afterAttempt(current, end, at, isPassing(subject));
    // The endpoint that was read before the attempt often shows that nothing changes.
    if (change(endpoint) === endpoint) return;
    const { tenant } = subject.request;
    let isDisabled = false;
    const changed = await changeEndpoint(this.#ports.store, tenant, endpoint.id, (current) => {
      const next = change(current);
      isDisabled = current.status === 'enabled' && next.status === 'disabled';
      return next;
    });
    if (isDisabled) await this.#reportDisabled(changed, tenant, at);
  }

  async #reportDisabled(
    { id, lastError: reason, failingSince = 0 }: WebhookEndpoint,
    tenant: string | undefined,
    at: number,
  ): Promise<void> {
    const { metrics, bus, logger, serviceName } = this.#ports;
    const about = { endpoint: id, tenant, reason, failingSince: new Date(failingSince).toISOString() };
    logger.error('Webhook endpoint disabled', about);
    metrics?.emit({ counts: { WebhookEndpointsDisabled: 1 }, values: NO_VALUES, failures: new Map() });
    if (!bus) return;
    const time = new Date(at).toISOString();
    const event = {
      specversion: '1.0',
      id: `${id} ${time}`,
      source: sourceOf(serviceName),
      type: ENDPOINT_DISABLED_TYPE,
      subject: id,
      time,
      tenant,
      datacontenttype: JSON_TYPE,
      data: about,
    };
    try {
      const [result] = await bus.send([
        { type: ENDPOINT_DISABLED_TYPE, json: JSON.stringify(event), time: at },
      ]);
      if (result?.sent === false) throw new Error(result.reason);
    } catch (error) {
      logger.warn('An event could not be sent to the event bus', {
        endpoint: id,
        error: serializeError(error),
      });
    }
  }
}

const NO_VALUES = { Wait: [], ServiceTime: [], EndToEnd: [], BatchSize: [] };

/** An endpoint after an attempt; the same one if nothing changes. @param passing whether it was no outcome */
function afterAttempt(
  endpoint: WebhookEndpoint,
  { status, reason = GONE }: AttemptEnd,
  at: number,
  passing: boolean,
): WebhookEndpoint {
  // Its state when it was disabled shows what to send again.
  if (endpoint.status === 'disabled') return endpoint;
  if (status === 'delivered') return healthy(endpoint);
  const failed = failing(endpoint, at, shortReason(reason));
  const { failingSince = at } = failed;
  const isLost =
    status === 'dead_lettered' && !passing && at - failingSince >= ENDPOINT_FAILING_SECONDS * 1000;
  return status === 'disabled' || isLost
    ? { ...failed, status: 'disabled', lastError: shortReason(reason) }
    : failed;
}
