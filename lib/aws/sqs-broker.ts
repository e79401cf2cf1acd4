import { GetQueueAttributesCommand, type QueueAttributeName, type SQSClient } from '@aws-sdk/client-sqs';
import { ConfigurationError } from '../core/base/errors.ts';
import { hideLogin } from '../core/base/hide-login.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import { SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { ORDER_VARIABLE, WORKER_VISIBILITY_SECONDS } from '../core/config/worker-environment.ts';
import type {
  MessageAttribute,
  ReceivedMessage,
  SourceCapabilities,
} from '../core/model/received-message.ts';
import type { Broker, ConnectedOutputQueue, InputOptions } from '../core/ports/broker.ts';
import type { InputQueue } from '../core/ports/message-source.ts';
import { SMALL_CALLS } from './clients.ts';
import { sqsCapabilities } from './sqs-capabilities.ts';
import { regionOfQueue, sqsClient } from './sqs-client.ts';
import { isFinal } from './sqs-error.ts';
import { isFifo } from './sqs-fifo.ts';
import { maxReceivesIn, maxReceivesProblem } from './sqs-max-receives.ts';
import { type SqsMessage, SqsMessages } from './sqs-messages.ts';
import { SqsOutputQueue } from './sqs-output-queue.ts';
import { type SqsReceivedMessage, SqsSource } from './sqs-source.ts';

/** Longest wait of one call for messages. SQS allows 20 seconds, and an idle queue costs a call each time. */
const WAIT_SECONDS = 20;

/** What a call that waits may take, beyond the wait. */
const ANSWER_MILLISECONDS = 5_000;

/**
 * SQS queues by their URLs: FIFO queues with order, standard queues without. Credentials come from the SDK's default chain, the
 * region from the URL. Receiving has a client of its own, since each of its calls waits.
 */
export const SQS: Broker = {
  async openInput(url, options) {
    const input = queueOf(url);
    const client = clientOf(input);
    checkKind(input, options.ordered ?? false);
    const maxDeliveries = await readMaxDeliveries(client, input, options);
    return new SqsInputQueue(input, client, sqsCapabilities(input, maxDeliveries), options);
  },

  async openOutput(url, { ordered = false }) {
    const output = queueOf(url);
    const client = clientOf(output);
    checkKind(output, ordered);
    const { MaximumMessageSize } = await attributesOf(client, output, ['MaximumMessageSize']);
    const queue = new SqsOutputQueue(client, output, Number(MaximumMessageSize ?? SQS_MAX_MESSAGE_BYTES));
    const connected: ConnectedOutputQueue = {
      maxMessages: queue.maxMessages,
      maxBytes: queue.maxBytes,
      maxMessageBytes: queue.maxMessageBytes,
      lingerMilliseconds: queue.lingerMilliseconds,
      sizeOf: (message) => queue.sizeOf(message),
      send: (messages) => queue.send(messages),
      [Symbol.asyncDispose]: async () => client.destroy(),
    };
    return connected;
  },
};

class SqsInputQueue implements InputQueue {
  readonly capabilities: SourceCapabilities;
  readonly visibilitySeconds = WORKER_VISIBILITY_SECONDS;
  readonly #receiver: SQSClient;
  readonly #settler: SQSClient;
  readonly #source: SqsSource;
  readonly #messages: SqsMessages;

  constructor(
    url: string,
    settler: SQSClient,
    capabilities: SourceCapabilities,
    { deadLetters }: InputOptions,
  ) {
    this.capabilities = capabilities;
    this.#settler = settler;
    this.#receiver = clientOf(url, WAIT_SECONDS * 1000 + ANSWER_MILLISECONDS);
    this.#source = new SqsSource(this.#receiver, url);
    this.#messages = new SqsMessages(settler, url, deadLetters, capabilities);
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]> {
    while (!signal.aborted) {
      const received = await this.#receiveOnce(max, signal);
      if (received.length > 0)
        return received.map((message) => this.#messages.receive(sqsMessageOf(message)));
    }
    return [];
  }

  /** An aborted call may hide messages that never arrive here: they are visible again after their visibility timeout. */
  async #receiveOnce(maxMessages: number, signal: AbortSignal): Promise<SqsReceivedMessage[]> {
    try {
      return await this.#source.receive({
        maxMessages,
        waitSeconds: WAIT_SECONDS,
        visibilityTimeoutSeconds: WORKER_VISIBILITY_SECONDS,
        signal,
      });
    } catch (error) {
      if (signal.aborted) return [];
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#receiver.destroy();
    this.#settler.destroy();
  }
}

function clientOf(url: string, requestTimeout: number = SMALL_CALLS.requestTimeout): SQSClient {
  return sqsClient({ region: regionOfQueue(url), requestHandler: { ...SMALL_CALLS, requestTimeout } });
}

function queueOf(url: URL): string {
  if (url.pathname === '/' || url.search !== '' || url.hash !== '') {
    throw new ConfigurationError(
      `An SQS queue is given by its URL, such as https://sqs.eu-central-1.amazonaws.com/123456789012/requests, got ${hideLogin(url.href)}`,
    );
  }
  return url.href;
}

/**
 * @returns after how many deliveries the queue dead-letters by itself; undefined if it doesn't
 * @throws ConfigurationError if these are too few
 */
async function readMaxDeliveries(
  client: SQSClient,
  url: string,
  { maxAttempts }: InputOptions,
): Promise<number | undefined> {
  const { RedrivePolicy } = await attributesOf(client, url, ['RedrivePolicy']);
  const maxReceives = maxReceivesIn(RedrivePolicy);
  const problem = maxReceivesProblem(url, maxReceives, maxAttempts);
  if (problem !== undefined) {
    throw new ConfigurationError(
      `${problem}, or remove the redrive policy: the worker dead-letters by itself`,
    );
  }
  return maxReceives;
}

/** @throws ConfigurationError if the queue doesn't keep the order that is to be kept, or keeps one that isn't */
function checkKind(url: string, ordered: boolean): void {
  if (isFifo(url) === ordered) return;
  throw new ConfigurationError(
    ordered
      ? `The queue ${url} is a standard queue: with ${ORDER_VARIABLE}=fifo, all queues of SQS must be FIFO queues`
      : `The queue ${url} is a FIFO queue: set ${ORDER_VARIABLE}=fifo, or use a standard queue`,
  );
}

/** @throws ConfigurationError if the queue can't be used, and the SDK's error if that may pass */
async function attributesOf(
  client: SQSClient,
  url: string,
  names: readonly QueueAttributeName[],
): Promise<Partial<Record<QueueAttributeName, string>>> {
  try {
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] });
    const { Attributes = {} } = await client.send(command);
    return Attributes;
  } catch (error) {
    if (!isFinal(error)) throw error;
    throw new ConfigurationError(
      `The queue ${url} can't be used: ${messageOf(error)}. The worker needs sqs:GetQueueAttributes on its queues`,
      { cause: error },
    );
  }
}

function sqsMessageOf(message: SqsReceivedMessage): SqsMessage {
  const { id, body, attributes, groupId, sentAt, receiveCount, receipt } = message;
  const texts: Record<string, string> = {};
  const typed: Record<string, MessageAttribute> = {};
  for (const [name, { DataType = 'String', StringValue, BinaryValue }] of Object.entries(attributes)) {
    if (StringValue) texts[name] = StringValue;
    if (DataType !== 'String') typed[name] = { type: DataType, value: StringValue ?? BinaryValue ?? '' };
  }
  return {
    id,
    body,
    attributes: texts,
    typedAttributes: typed,
    ...(groupId !== undefined && { group: groupId }),
    deliveryCount: receiveCount,
    sentAt,
    receipt,
  };
}
