import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { untilAborted } from '../until-aborted.ts';

/** The members of an outcome's CloudEvent that the demo reads. */
export interface OutcomeEvent {
  readonly type: string;
  /** The request id. */
  readonly subject: string;
  readonly datacontenttype?: string;
  readonly data?: unknown;
  /** Where the result is, when it isn't in `data`. */
  readonly dataref?: string;
}

/** An outcome and when it came. */
export interface Arrival {
  readonly event: OutcomeEvent;
  /** Milliseconds since 1970. */
  readonly arrivedAt: number;
}

/** What is known of a request: whether someone waits for it, and what came. */
interface Slot extends PromiseWithResolvers<Arrival> {
  wanted: boolean;
  receipts: string[];
}

/**
 * Consumes an output queue until it is disposed of. An outcome may come before its request id is known here, and it
 * may come twice. One that nobody waits for isn't deleted: it is someone else's, and goes back to the queue.
 */
export class OutcomeInbox implements AsyncDisposable {
  readonly #sqs: SQSClient;
  readonly #queueUrl: string;
  readonly #slots = new Map<string, Slot>();
  readonly #closing = new AbortController();
  readonly #receiving: Promise<never>;

  constructor(sqs: SQSClient, queueUrl: string) {
    this.#sqs = sqs;
    this.#queueUrl = queueUrl;
    this.#receiving = this.#receive();
    this.#receiving.catch(() => {}); // wait() tells it
  }

  /** @throws the signal's reason when it fires first, and what the queue throws */
  async wait(requestId: string, signal: AbortSignal): Promise<Arrival> {
    const slot = this.#slot(requestId);
    slot.wanted = true;
    const arrival = await untilAborted(Promise.race([slot.promise, this.#receiving]), signal);
    await this.#acknowledge(slot);
    return arrival;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#receiving.catch(() => {});
  }

  async #receive(): Promise<never> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#queueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 20,
    });
    for (;;) {
      const { Messages = [] } = await this.#sqs.send(command, { abortSignal: this.#closing.signal });
      const arrivedAt = Date.now();
      for (const message of Messages) await this.#take(message, arrivedAt);
    }
  }

  async #take({ Body = '', ReceiptHandle = '' }: Message, arrivedAt: number): Promise<void> {
    const event: OutcomeEvent = JSON.parse(Body);
    const slot = this.#slot(event.subject);
    slot.receipts.push(ReceiptHandle);
    slot.resolve({ event, arrivedAt });
    await this.#acknowledge(slot);
  }

  async #acknowledge({ wanted, receipts }: Slot): Promise<void> {
    if (!wanted) return;
    for (const ReceiptHandle of receipts.splice(0)) {
      await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.#queueUrl, ReceiptHandle }));
    }
  }

  #slot(requestId: string): Slot {
    const slot = this.#slots.get(requestId) ?? {
      ...Promise.withResolvers<Arrival>(),
      wanted: false,
      receipts: [],
    };
    this.#slots.set(requestId, slot);
    return slot;
  }
}
