import { messageOf } from '../base/serialize-error.ts';
import type { EngineSettings } from '../config/engine-settings.ts';
import { type Outcome, outcomeId } from '../model/outcome.ts';
import type { ReceivedMessage } from '../model/received-message.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import type { WebhookEndpointReader } from '../ports/webhooks.ts';
import { queuedWebhook, webhookOf, webhookService } from '../webhooks/message.ts';
import { recipientsOf } from '../webhooks/recipient.ts';
import { BatchPublisher, type Publication } from '../wire/batch-publisher.ts';
import { encodeOutcome } from '../wire/encode-outcome.ts';
import type { OutcomeInput } from '../wire/encode-truefoundry.ts';
import type { EnginePorts } from './engine-ports.ts';
import { inOrderOf } from './ordering.ts';

/** Sends outcomes and their webhooks. The messages of several requests share calls. */
export class OutcomePublisher {
  readonly #settings: EngineSettings;
  readonly #output: BatchPublisher<OutputMessage>;
  readonly #webhooks: BatchPublisher<OutputMessage> | undefined;
  readonly #endpoints: WebhookEndpointReader | undefined;

  /** @param isExpectingMore whether more outcomes may come soon */
  constructor(
    settings: EngineSettings,
    { output, webhooks, webhookEndpoints, random }: EnginePorts,
    isExpectingMore: () => boolean,
  ) {
    this.#settings = settings;
    this.#output = new BatchPublisher(output, random, isExpectingMore);
    this.#webhooks = webhooks && new BatchPublisher(webhooks, random, isExpectingMore);
    this.#endpoints = webhookEndpoints;
  }

  /**
   * Sends an outcome to the output queue. Rejects one that the output format can't express.
   * @param message the message of the request
   * @param input the request as its message brought it. Without it, the outcome may be smaller
   */
  async publish(outcome: Outcome, message: ReceivedMessage, input?: OutcomeInput): Promise<Publication> {
    // Its consumers have the result already: it was published in pieces.
    if (outcome.status === 'succeeded' && outcome.result.streamed) return { published: true };
    const encoded = encodeOutcome(outcome, this.#settings, input);
    if (encoded) {
      const { request, endedAt } = outcome;
      const published = { ...encoded, outcome: { request, endedAt } };
      return this.#output.publish(inOrderOf(message, outcomeId(outcome), published));
    }
    const reason = `the result has no form in the output format ${this.#settings.outputFormat}`;
    return { published: false, refused: true, reason };
  }

  /** Sends a part of a result at once, so that its consumer sees the result grow. */
  publishPiece(piece: OutputMessage): Promise<Publication> {
    const publishing = this.#output.publish(piece);
    this.#output.flush();
    return publishing;
  }

  /** Sends the outcome's webhooks to the webhook queue, one for each of its recipients. */
  async enqueueWebhooks(outcome: Outcome): Promise<Publication> {
    const webhooks = this.#webhooks;
    if (!webhooks) return { published: true };
    const { request, status, topic, callbackUrl } = outcome;
    const serviceName = webhookService(this.#settings);
    try {
      const asked = { tenant: request.tenant, topic, callbackUrl };
      const recipients = await recipientsOf(status, asked, this.#settings, this.#endpoints);
      const publications = await Promise.all(
        recipients.map((recipient) =>
          webhooks.publish(queuedWebhook(webhookOf(outcome, recipient, serviceName))),
        ),
      );
      // Prefers a webhook that may be sent later: then all are sent again, with the same ids.
      const lost = publications.filter((publication) => !publication.published);
      return lost.find(({ refused }) => !refused) ?? lost[0] ?? { published: true };
    } catch (error) {
      const reason = `the webhook endpoints can't be read: ${messageOf(error)}`;
      return { published: false, refused: false, reason };
    }
  }

  /** Sends all waiting messages. */
  flush(): void {
    this.#output.flush();
    this.#webhooks?.flush();
  }
}
