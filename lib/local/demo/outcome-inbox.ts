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
  /** Location of the result, if it isn't in `data`. */
  readonly dataref?: string;
}

/** An outcome and the time of its arrival. */
export interface Arrival {
  readonly event: OutcomeEvent;
  /** Milliseconds since 1970. */
  readonly arrivedAt: number;
}

/** State of a request: whether someone waits for it, and what has arrived. */
interface AwaitedOutcome extends PromiseWithResolvers<Arrival> {
  wanted: boolean;
  receipts: string[];
}

/**
 * Consumes an output queue until it is disposed. An outcome may arrive before its request id is known, and more than
 * once. Outcomes of other requests aren't deleted, and return to the queue.
 */
export class OutcomeInbox implements AsyncDisposable {
  readonly #sqs: SQSClient;
  readonly #queueUrl: string;
  readonly #outcomes = new Map<string, AwaitedOutcome>();
  readonly #closing = new AbortController();
  readonly #receiving: Promise<never>;

  constructor(sqs: SQSClient, queueUrl: string) {
    this.#sqs = sqs;
    this.#queueUrl = queueUrl;
    this.#receiving = this.#receive();
    this.#receiving.catch(() => {}); // wait() rethrows it
  }

  /** @throws the signal's reason when it fires first, and what the queue throws */
  async wait(requestId: string, signal: AbortSignal): Promise<Arrival> {
    const outcome = this.#outcomeOf(requestId);
    outcome.wanted = true;
    const arrival = await untilAborted(Promise.race([outcome.promise, this.#receiving]), signal);
    await this.#acknowledge(outcome);
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
      for (const message of Messages) await this.#store(message, arrivedAt);
    }
  }

  async #store({ Body = '', ReceiptHandle = '' }: Message, arrivedAt: number): Promise<void> {
    const event: OutcomeEvent = JSON.parse(Body);
    const outcome = this.#outcomeOf(event.subject);
    outcome.receipts.push(ReceiptHandle);
    outcome.resolve({ event, arrivedAt });
    await this.#acknowledge(outcome);
  }

  async #acknowledge({ wanted, receipts }: AwaitedOutcome): Promise<void> {
    if (!wanted) return;
    for (const ReceiptHandle of receipts.splice(0)) {
      await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.#queueUrl, ReceiptHandle }));
    }
  }

  #outcomeOf(requestId: string): AwaitedOutcome {
    const outcome = this.#outcomes.get(requestId) ?? {
      ...Promise.withResolvers<Arrival>(),
      wanted: false,
      receipts: [],
    };
    this.#outcomes.set(requestId, outcome);
    return outcome;
  }
}
