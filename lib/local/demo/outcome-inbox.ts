import type { SQSClient } from '@aws-sdk/client-sqs';
import { type SqsReceivedMessage, SqsSource } from '../../aws/sqs-source.ts';
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

/** State of a request: whether {@link OutcomeInbox.wait} was called for it, and the receipts of its messages. */
interface AwaitedOutcome extends PromiseWithResolvers<Arrival> {
  wanted: boolean;
  receipts: string[];
}

/**
 * Consumes an output queue until it is disposed. An outcome may arrive before its request id is known, and more than
 * once. Outcomes of other requests aren't deleted, and return to the queue.
 */
export class OutcomeInbox implements AsyncDisposable {
  readonly #source: SqsSource;
  readonly #outcomes = new Map<string, AwaitedOutcome>();
  readonly #closing = new AbortController();
  readonly #receiving: Promise<never>;

  constructor(sqs: SQSClient, queueUrl: string) {
    this.#source = new SqsSource(sqs, queueUrl);
    this.#receiving = this.#receive();
    this.#receiving.catch(() => {}); // wait() rethrows it
  }

  /** Waits for the outcome of a request. @throws the signal's reason if it fires first, or what the queue throws */
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
    const options = { maxMessages: 10, waitSeconds: 20, signal: this.#closing.signal };
    for (;;) {
      const messages = await this.#source.receive(options);
      const arrivedAt = Date.now();
      for (const message of messages) await this.#store(message, arrivedAt);
    }
  }

  async #store({ body, receipt }: SqsReceivedMessage, arrivedAt: number): Promise<void> {
    const event: OutcomeEvent = JSON.parse(body);
    const outcome = this.#outcomeOf(event.subject);
    outcome.receipts.push(receipt);
    outcome.resolve({ event, arrivedAt });
    await this.#acknowledge(outcome);
  }

  async #acknowledge({ wanted, receipts }: AwaitedOutcome): Promise<void> {
    if (!wanted || receipts.length === 0) return;
    const failure = (await this.#source.deleteBatch(receipts.splice(0))).find((each) => each);
    if (failure) throw new Error(`An outcome wasn't deleted: ${failure.reason}`);
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
