import type { EnginePorts, EngineSettings } from '../engine-settings.ts';
import type { Outcome } from '../outcome.ts';
import type { OutputMessage } from '../ports.ts';
import { queuedWebhook, webhookOf } from '../webhooks/message.ts';
import { webhookUrl } from '../webhooks/target.ts';
import { encodeOutcome } from './encode.ts';
import { type Publication, Publisher } from './publisher.ts';

/** Tells outcomes to everybody who is to know: the output queue, and the webhook queue where there is one. */
export class Announcer {
  readonly #settings: EngineSettings;
  readonly #output: Publisher<OutputMessage>;
  readonly #webhooks: Publisher<OutputMessage> | undefined;

  constructor(settings: EngineSettings, { output, webhooks, chance }: EnginePorts) {
    this.#settings = settings;
    this.#output = new Publisher(output, chance.random);
    this.#webhooks = webhooks && new Publisher(webhooks, chance.random);
  }

  /**
   * Resolves when all have it, or one was given up.
   * @throws Error when the outcome can't be written in the output format
   */
  async publish(outcome: Outcome): Promise<Publication> {
    const message = encodeOutcome(outcome, this.#settings);
    if (!message) throw new Error('the outcome has no form in the output format');
    const publications = await Promise.all([this.#output.publish(message), this.#enqueueWebhook(outcome)]);
    return publications.find(({ published }) => !published) ?? { published: true };
  }

  /** Sends whatever waits. */
  flush(): void {
    this.#output.flush();
    this.#webhooks?.flush();
  }

  async #enqueueWebhook(outcome: Outcome): Promise<Publication> {
    const url = webhookUrl(outcome.status, outcome.callbackUrl, this.#settings);
    if (!this.#webhooks || url === undefined) return { published: true };
    const webhook = webhookOf(outcome, url, this.#settings.serviceName);
    return this.#webhooks.publish(queuedWebhook(webhook));
  }
}
