import { messageOf, serializeError } from '../base/serialize-error.ts';
import { traceIdOf } from '../base/traceparent.ts';
import { SQS_MAX_DELAY_SECONDS } from '../config/aws-limits.ts';
import { ACK, type Disposition } from '../model/disposition.ts';
import type { ReceivedMessage } from '../model/received-message.ts';
import { digestOf } from '../model/request-id.ts';
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts';
import { shortReason, type WebhookState } from '../model/webhook-state.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { DelayedMessages } from '../ports/delayed-messages.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { WebhookQueue, WebhookSecrets, WebhookSender, WebhookStates } from '../ports/webhooks.ts';
import type { EndpointHealth } from './endpoint-health.ts';
import { endpointSecrets } from './endpoint-secrets.ts';
import {
  decodeWebhook,
  encodeWebhook,
  hostOf,
  isOutOfDate,
  isPassing,
  type WebhookMessage,
} from './message.ts';
import { webhookWaitSeconds } from './retry-schedule.ts';
import { signedHeaders } from './signature.ts';
import { traceWebhookCall } from './traced-call.ts';
import { verdictOf, type WebhookVerdict } from './verdict.ts';

/** The ports of the deliverer. */
export interface WebhookPorts {
  readonly sender: WebhookSender;
  readonly secrets: WebhookSecrets;
  /** The queue of webhooks to deliver. */
  readonly queue: WebhookQueue;
  /** Schedules attempts that are further away than the queue's longest delay. */
  readonly later: DelayedMessages;
  /** The dead-letter queue of webhooks. */
  readonly deadLetters: WebhookQueue;
  readonly states: WebhookStates;
  /** The endpoints; absent if the service has none. */
  readonly endpoints?: EndpointHealth;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

const END = 'The webhook queue refused to end a message';
const OUT_OF_DATE = 'Webhook dropped: it is out of date';
const UNWANTED = 'Webhook dropped: its endpoint was removed or disabled';
const NOTE = 'How a webhook stands could not be noted';

/** Wait before a message is handled again after a failure on our side. */
const OWN_FAILURE_WAIT_SECONDS = 900;

/**
 * Delivers webhooks. A message is one attempt and contains its number; after a failed attempt, a new message is sent
 * for the next one. So a failure on our side, or a crash, costs no attempt: the same message is delivered again, until
 * SQS dead-letters it.
 */
export class WebhookDeliverer {
  readonly #ports: WebhookPorts;

  constructor(ports: WebhookPorts) {
    this.#ports = ports;
  }

  /** Delivers the webhook of a message. Never rejects. @returns how the host is to settle the message */
  async run(message: ReceivedMessage): Promise<Disposition> {
    return (await this.#deliver(message)) ? ACK : { action: 'retry', afterSeconds: OWN_FAILURE_WAIT_SECONDS };
  }

  /** @returns false for a failure on our side */
  async #deliver(delivery: ReceivedMessage): Promise<boolean> {
    try {
      const received = decodeWebhook(delivery.body);
      const logger = this.#ports.logger.child({
        webhookId: received.id,
        endpoint: received.endpoint,
        // Only the host: the rest of the URL may contain a secret.
        host: hostOf(received),
        traceId: received.traceparent && traceIdOf(received.traceparent),
        attempt: received.attempt,
      });
      const { subject } = received;
      if (isOutOfDate(subject, this.#ports.clock.now())) {
        logger.info(OUT_OF_DATE);
        return true;
      }
      const endpoint =
        received.endpoint === undefined ? undefined : await this.#ports.endpoints?.find(received);
      if (received.endpoint !== undefined && !endpoint) {
        logger.info(UNWANTED);
        return true;
      }
      const message = endpoint ? { ...received, url: endpoint.url } : received;
      const secrets = await this.#ports.secrets.read();
      const at = this.#ports.clock.now();
      const verdict = await this.#post(message, endpoint ? endpointSecrets(secrets, endpoint, at) : secrets);
      if (verdict.status === 'disabled') logger.warn('Webhook disabled: its receiver answered 410');
      if (verdict.status === 'delivered') logger.info('Webhook delivered');
      const state =
        verdict.status === 'failed' ? await this.#retryOrDeadLetter(message, verdict, logger) : verdict;
      // Acknowledged at once, not with the batch, so that a crash doesn't duplicate the next attempt.
      if (verdict.status === 'failed') await this.#quietly(END, delivery.ack());
      await this.#quietly(NOTE, this.#note(message, endpoint, state, at));
      return true;
    } catch (error) {
      const fields = { messageId: delivery.id, error: serializeError(error) };
      this.#ports.logger.error('A webhook could not be handled', fields);
      return false;
    }
  }

  /** Notes the state of an endpoint on the endpoint, and that of the request's own webhook on the record. */
  async #note(
    message: WebhookMessage,
    endpoint: WebhookEndpoint | undefined,
    end: Omit<WebhookState, 'endedAt' | 'at' | 'attempts'>,
    at: number,
  ): Promise<void> {
    const { endpoints, states } = this.#ports;
    const { subject, attempt } = message;
    if (endpoint) return endpoints?.note(endpoint, message, end, at);
    if (isPassing(subject)) return;
    await states.note(subject.request, { ...end, endedAt: subject.at, at, attempts: attempt });
  }

  async #post(message: WebhookMessage, secrets: readonly string[]): Promise<WebhookVerdict> {
    const { sender, clock } = this.#ports;
    const { url, id, body } = message;
    const signed = signedHeaders(id, body, secrets, clock.now());
    try {
      const answer = await traceWebhookCall(message, ({ traceparent, tracestate }) => {
        const trace = { ...(traceparent && { traceparent }), ...(tracestate && { tracestate }) };
        return sender.post(url, { ...signed, ...trace }, body);
      });
      return verdictOf(answer, clock.now());
    } catch (error) {
      return { status: 'failed', reason: messageOf(error), askedSeconds: 0 };
    }
  }

  /** Sends the message for the next attempt, or dead-letters the webhook after the last one. */
  async #retryOrDeadLetter(
    message: WebhookMessage,
    { reason, askedSeconds }: Extract<WebhookVerdict, { status: 'failed' }>,
    logger: Logger,
  ): Promise<Pick<WebhookState, 'status' | 'reason' | 'nextAttemptAt'>> {
    const { deadLetters, clock, random } = this.#ports;
    const waitSeconds = webhookWaitSeconds(message.attempt, askedSeconds, random());
    const next = encodeWebhook({ ...message, attempt: message.attempt + 1 });
    if (waitSeconds === undefined) {
      logger.error('Webhook dead-lettered', { reason });
      await deadLetters.send(next, hostOf(message), 0);
      return { status: 'dead_lettered', reason: shortReason(reason) };
    }
    const nextAttemptAt = clock.now() + waitSeconds * 1000;
    if (isOutOfDate(message.subject, nextAttemptAt)) {
      logger.info(OUT_OF_DATE, { reason });
      return { status: 'dead_lettered', reason: shortReason(reason) };
    }
    logger.warn('Webhook failed and will be retried', { reason, waitSeconds });
    await this.#sendLater(message, next, waitSeconds);
    return { status: 'failing', reason: shortReason(reason), nextAttemptAt };
  }

  async #sendLater(message: WebhookMessage, next: string, waitSeconds: number): Promise<void> {
    const { queue, later, clock } = this.#ports;
    if (waitSeconds <= SQS_MAX_DELAY_SECONDS) return queue.send(next, hostOf(message), waitSeconds);
    // The name comes from this message, so that duplicate deliveries of it schedule one successor. It includes the URL,
    // since a webhook can be sent again to another URL.
    const name = `${digestOf('schedule', message.id, message.url)}-${message.attempt}`;
    await later.schedule(name, next, clock.now() + waitSeconds * 1000);
  }

  /** Awaits a call whose failure doesn't fail the delivery. */
  async #quietly(failure: string, done: Promise<void>): Promise<void> {
    try {
      await done;
    } catch (error) {
      this.#ports.logger.warn(failure, { error: serializeError(error) });
    }
  }
}
