import type { Delivery } from '../delivery.ts';
import type { Chance, Deferral, InputQueue, Logger } from '../ports.ts';
import { describeThrown } from '../thrown.ts';
import { traceIdOf } from '../traceparent.ts';
import { decodeWebhook, encodeWebhook, type WebhookMessage } from './message.ts';
import type { DelayedMessages, WebhookSecrets, WebhookSender } from './ports.ts';
import { WEBHOOK_MAX_ATTEMPTS, webhookWaitSeconds } from './retry-schedule.ts';
import { signedHeaders } from './signature.ts';
import { verdictOf, type WebhookVerdict } from './verdict.ts';

/** What deliveries reach the world through. */
export interface WebhookPorts {
  readonly sender: WebhookSender;
  readonly secrets: WebhookSecrets;
  readonly later: DelayedMessages;
  readonly queue: Pick<InputQueue, 'defer'>;
  readonly logger: Logger;
  readonly chance: Chance;
}

/**
 * Waits up to this are waits of the message itself; longer ones are a new message's, which isn't held by a queue that
 * counts how many it holds. A quarter of an hour.
 */
export const LONGEST_QUEUE_WAIT_SECONDS = 900;

/** Until a delivery is tried again that failed on our side. */
const OWN_FAILURE_WAIT_SECONDS = LONGEST_QUEUE_WAIT_SECONDS;

/** Delivered again at once, without an attempt, until SQS has counted enough receives to move it. */
const TO_DEAD_LETTERS = 0;

/** What becomes of a message: done, or the seconds after which it is to be delivered again. */
type Fate = 'done' | number;

/** Delivers webhooks. A message is done when its receiver has it, wants no more, or a later message carries on. */
export class WebhookDeliverer {
  readonly #ports: WebhookPorts;

  constructor(ports: WebhookPorts) {
    this.#ports = ports;
  }

  /** @returns ids of the messages that must be delivered again; every other one is done */
  async processBatch(deliveries: readonly Delivery[]): Promise<string[]> {
    const deferrals: Deferral[] = [];
    await Promise.all(
      deliveries.map(async (delivery) => {
        const fate = await this.#fateOf(delivery);
        if (fate !== 'done') deferrals.push({ delivery, delaySeconds: fate });
      }),
    );
    if (deferrals.length > 0) await this.#defer(deferrals);
    return deferrals.map(({ delivery }) => delivery.id);
  }

  async #fateOf(delivery: Delivery): Promise<Fate> {
    try {
      const message = decodeWebhook(delivery.body);
      // Each delivery of a message that isn't its first is another attempt.
      const attempt = message.attempt + delivery.attempt - 1;
      if (attempt > WEBHOOK_MAX_ATTEMPTS) return TO_DEAD_LETTERS;
      return await this.#try(message, attempt);
    } catch (error) {
      const fields = { messageId: delivery.id, error: describeThrown(error) };
      this.#ports.logger.error('A webhook could not be handled', fields);
      return OWN_FAILURE_WAIT_SECONDS;
    }
  }

  async #try(message: WebhookMessage, attempt: number): Promise<Fate> {
    const secrets = await this.#ports.secrets.read();
    const verdict = await this.#post(message, secrets);
    const logger = this.#ports.logger.child({
      webhookId: message.id,
      // Not more of the URL: a secret of its receiver may be in it.
      host: URL.parse(message.url)?.host,
      traceId: message.traceparent && traceIdOf(message.traceparent),
      attempt,
    });
    if (verdict.status === 'delivered') {
      logger.info('Webhook delivered');
      return 'done';
    }
    if (verdict.status === 'disabled') {
      logger.warn('Webhook disabled: its receiver answered 410');
      return 'done';
    }
    const { reason, askedSeconds } = verdict;
    const waitSeconds = webhookWaitSeconds(attempt, askedSeconds, this.#ports.chance.random());
    if (waitSeconds === undefined) {
      logger.error('Webhook given up', { reason });
      return TO_DEAD_LETTERS;
    }
    logger.warn('Webhook failed, to be tried again', { reason, waitSeconds });
    if (waitSeconds <= LONGEST_QUEUE_WAIT_SECONDS) return waitSeconds;
    return this.#carryOn(message, attempt, waitSeconds);
  }

  async #post(
    { url, id, traceparent, body }: WebhookMessage,
    secrets: readonly string[],
  ): Promise<WebhookVerdict> {
    const { sender, chance } = this.#ports;
    const signed = signedHeaders(id, body, secrets, chance.now());
    const headers = traceparent === undefined ? signed : { ...signed, traceparent };
    try {
      return verdictOf(await sender.post(url, headers, body), chance.now());
    } catch (error) {
      return { status: 'failed', reason: describeThrown(error).message, askedSeconds: 0 };
    }
  }

  /** Named after the message it follows: however often that is delivered, one follows it. */
  async #carryOn(message: WebhookMessage, attempt: number, waitSeconds: number): Promise<Fate> {
    const { later, chance } = this.#ports;
    const next = encodeWebhook({ ...message, attempt: attempt + 1 });
    await later.schedule(`${message.id}-${message.attempt}`, next, chance.now() + waitSeconds * 1000);
    return 'done';
  }

  /** A wait that couldn't be set is the queue's own default. */
  async #defer(deferrals: readonly Deferral[]): Promise<void> {
    try {
      await this.#ports.queue.defer(deferrals);
    } catch (error) {
      this.#ports.logger.warn('The webhook queue refused to defer messages', {
        error: describeThrown(error),
      });
    }
  }
}
