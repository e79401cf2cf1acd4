import { messageOf, serializeError } from '../base/serialize-error.ts';
import { traceIdOf } from '../base/traceparent.ts';
import { SQS_MAX_DELAY_SECONDS } from '../config/aws-limits.ts';
import { ACK, type Disposition } from '../model/disposition.ts';
import type { ReceivedMessage } from '../model/received-message.ts';
import { digestOf } from '../model/request-id.ts';
import { shortReason, type WebhookState } from '../model/webhook-state.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { Logger } from '../ports/telemetry.ts';
import type {
  DelayedMessages,
  WebhookQueue,
  WebhookSecrets,
  WebhookSender,
  WebhookStates,
} from '../ports/webhooks.ts';
import {
  decodeWebhook,
  encodeWebhook,
  hostOf,
  isOutOfDate,
  isProgress,
  type WebhookMessage,
} from './message.ts';
import { webhookWaitSeconds } from './retry-schedule.ts';
import { signedHeaders } from './signature.ts';
import { traceWebhookCall } from './traced-call.ts';
import { verdictOf, type WebhookVerdict } from './verdict.ts';

/** What deliveries reach the world through. */
export interface WebhookPorts {
  readonly sender: WebhookSender;
  readonly secrets: WebhookSecrets;
  /** What brings the messages, as it takes them. */
  readonly queue: WebhookQueue;
  /** Takes those that are to be delivered later than a queue can hold them back. */
  readonly later: DelayedMessages;
  /** Takes those that are given up. */
  readonly deadLetters: WebhookQueue;
  readonly states: WebhookStates;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

const END = 'The webhook queue refused to end a message';
const DROPPED = 'Webhook dropped: the progress it tells of is out of date';
const NOTE = 'How a webhook stands could not be noted';

/** Until a message is handled again that couldn't be for a failure on our side. */
const OWN_FAILURE_WAIT_SECONDS = 900;

/**
 * Delivers webhooks. A message stands for one attempt, which it has the number of; what the receiver doesn't take is
 * carried on by another message. So a failure on our side, or a crash, costs no attempt: the message comes again as it
 * was, until SQS finds that too often.
 */
export class WebhookDeliverer {
  readonly #ports: WebhookPorts;

  constructor(ports: WebhookPorts) {
    this.#ports = ports;
  }

  /** Delivers the webhook of a message. Never rejects. @returns how the host is to settle the message */
  async run(message: ReceivedMessage): Promise<Disposition> {
    return (await this.#isDone(message)) ? ACK : { action: 'retry', afterSeconds: OWN_FAILURE_WAIT_SECONDS };
  }

  async #isDone(delivery: ReceivedMessage): Promise<boolean> {
    try {
      const message = decodeWebhook(delivery.body);
      const logger = this.#ports.logger.child({
        webhookId: message.id,
        // Not more of the URL: a secret of its receiver may be in it.
        host: hostOf(message),
        traceId: message.traceparent && traceIdOf(message.traceparent),
        attempt: message.attempt,
      });
      const { subject } = message;
      if (isOutOfDate(subject, this.#ports.clock.now())) {
        logger.info(DROPPED);
        return true;
      }
      const secrets = await this.#ports.secrets.read();
      const at = this.#ports.clock.now();
      const verdict = await this.#post(message, secrets);
      if (verdict.status === 'disabled') logger.warn('Webhook disabled: its receiver answered 410');
      if (verdict.status === 'delivered') logger.info('Webhook delivered');
      const stands =
        verdict.status === 'failed' ? await this.#retryOrDeadLetter(message, verdict, logger) : verdict;
      // At once, not with the batch: a crash makes no two of what carries on.
      if (verdict.status === 'failed') await this.#quietly(END, delivery.ack());
      if (!isProgress(subject)) {
        const state = { ...stands, endedAt: subject.at, at, attempts: message.attempt };
        await this.#quietly(NOTE, this.#ports.states.note(subject.request, state));
      }
      return true;
    } catch (error) {
      const fields = { messageId: delivery.id, error: serializeError(error) };
      this.#ports.logger.error('A webhook could not be handled', fields);
      return false;
    }
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

  /** Another message takes over, if there is another attempt. */
  async #retryOrDeadLetter(
    message: WebhookMessage,
    { reason, askedSeconds }: Extract<WebhookVerdict, { status: 'failed' }>,
    logger: Logger,
  ): Promise<Pick<WebhookState, 'status' | 'reason' | 'nextAttemptAt'>> {
    const { deadLetters, clock, random } = this.#ports;
    const waitSeconds = webhookWaitSeconds(message.attempt, askedSeconds, random());
    const next = encodeWebhook({ ...message, attempt: message.attempt + 1 });
    if (waitSeconds === undefined) {
      logger.error('Webhook given up', { reason });
      await deadLetters.send(next, hostOf(message), 0);
      return { status: 'given_up', reason: shortReason(reason) };
    }
    const nextAttemptAt = clock.now() + waitSeconds * 1000;
    if (isOutOfDate(message.subject, nextAttemptAt)) {
      logger.info(DROPPED, { reason });
      return { status: 'given_up', reason: shortReason(reason) };
    }
    logger.warn('Webhook failed, to be tried again', { reason, waitSeconds });
    await this.#sendLater(message, next, waitSeconds);
    return { status: 'failing', reason: shortReason(reason), nextAttemptAt };
  }

  async #sendLater(message: WebhookMessage, next: string, waitSeconds: number): Promise<void> {
    const { queue, later, clock } = this.#ports;
    if (waitSeconds <= SQS_MAX_DELAY_SECONDS) return queue.send(next, hostOf(message), waitSeconds);
    // Named after the message it follows: however often that is delivered, one follows it. Sent again to another URL, it
    // is another.
    const name = `${digestOf('schedule', message.id, message.url)}-${message.attempt}`;
    await later.schedule(name, next, clock.now() + waitSeconds * 1000);
  }

  /** What isn't needed for a delivery: failing it changes nothing about that. */
  async #quietly(failure: string, done: Promise<void>): Promise<void> {
    try {
      await done;
    } catch (error) {
      this.#ports.logger.warn(failure, { error: serializeError(error) });
    }
  }
}
