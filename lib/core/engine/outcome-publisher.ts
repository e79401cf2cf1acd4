import type { Outcome } from '../model/outcome.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { queuedWebhook, webhookOf } from '../webhooks/message.ts';
import { webhookUrl } from '../webhooks/recipient.ts';
import { encodeOutcome } from '../wire/encode-outcome.ts';
import { type Publication, Publisher } from './batch-publisher.ts';
import type { EnginePorts, EngineSettings } from './engine-settings.ts';

/** Sends the messages that the end of a request asks for, those of one batch together. */
export class Announcer {
  readonly #settings: EngineSettings;
  readonly #output: Publisher<OutputMessage>;
  readonly #webhooks: Publisher<OutputMessage> | undefined;
  readonly #deadLetters: Publisher<OutputMessage>;

  constructor(settings: EngineSettings, { output, webhooks, deadLetters, random }: EnginePorts) {
    this.#settings = settings;
    this.#output = new Publisher(output, random);
    this.#webhooks = webhooks && new Publisher(webhooks, random);
    this.#deadLetters = new Publisher(deadLetters, random);
  }

  /** Sends an outcome to the output queue. One that has no form in the output format is refused. */
  async publish(outcome: Outcome): Promise<Publication> {
    const message = encodeOutcome(outcome, this.#settings);
    if (message) return this.#output.publish(message);
    const reason = `the result has no form in the output format ${this.#settings.outputFormat}`;
    return { published: false, refused: true, reason };
  }

  /** Sends the outcome's webhook to the webhook queue, if there is one to be sent. */
  async enqueueWebhook(outcome: Outcome): Promise<Publication> {
    const url = webhookUrl(outcome.status, outcome.callbackUrl, this.#settings);
    if (!this.#webhooks || url === undefined) return { published: true };
    const webhook = webhookOf(outcome, url, this.#settings.serviceName);
    return this.#webhooks.publish(queuedWebhook(webhook));
  }

  /** Sends a message to the dead-letter queue. */
  deadLetter(letter: OutputMessage): Promise<Publication> {
    return this.#deadLetters.publish(letter);
  }

  /** Sends whatever waits, and from now on what comes almost at once. */
  drain(): void {
    this.#output.drain();
    this.#webhooks?.drain();
    this.#deadLetters.drain();
  }
}
