import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { MessageAttribute } from '../core/model/received-message.ts';
import {
  type OutputMessage,
  type OutputQueue,
  PAID_CALL_LINGER_MILLISECONDS,
  type SendResult,
} from '../core/ports/message-sink.ts';
import type { BatchFailure } from './batch-call.ts';
import { messageSize, type OutgoingMessage } from './outgoing-message.ts';

/**
 * Errors of a whole call that one of its messages causes, {@link assertSendable}'s included. Sent alone, the other messages
 * succeed. Those of SNS end in Exception.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 * @see https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
 */
const MESSAGE_FAULTS: readonly string[] = [
  'BatchRequestTooLong',
  'InvalidMessageContents',
  'RangeError',
  'BatchRequestTooLongException',
  'InvalidParameterException',
];

/**
 * Codes of transient failures, although AWS marks some of them as the sender's fault: throttling, and the state and
 * permissions of the queue or topic and its key. The names vary: `KmsThrottled` is also `KMS.ThrottlingException`.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html#API_SendMessageBatch_Errors
 * @see https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html#API_PublishBatch_Errors
 */
const TRANSIENT = /throttl|kms|limit|access|authoriz|security|exist|notfound/i;

/** Sends batches of messages, each in one call. */
export interface BatchSender {
  /** Whether it keeps the order of groups. */
  readonly isFifo: boolean;
  readonly maxMessages: number;
  readonly maxBytes: number;
  /**
   * @returns the failures, in the order of the messages; undefined for messages that AWS accepted
   * @throws the SDK's error if the whole call fails
   */
  sendBatch(messages: readonly OutgoingMessage[]): Promise<readonly (BatchFailure | undefined)[]>;
}

/** A queue of SQS or a topic of SNS as a message sink. */
export class BatchOutputQueue implements OutputQueue {
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly maxMessageBytes: number;
  /** The next message of a group waits until this one is sent. */
  readonly lingerMilliseconds: number;
  readonly fansOut: boolean;
  readonly #sender: BatchSender;

  constructor(sender: BatchSender, { maxMessageBytes = sender.maxBytes, fansOut = false } = {}) {
    this.#sender = sender;
    this.maxMessages = sender.maxMessages;
    this.maxBytes = sender.maxBytes;
    this.maxMessageBytes = maxMessageBytes;
    this.lingerMilliseconds = sender.isFifo ? 0 : PAID_CALL_LINGER_MILLISECONDS;
    this.fansOut = fansOut;
  }

  sizeOf(message: OutputMessage): number {
    return messageSize(this.#outgoing(message));
  }

  async send(messages: readonly OutputMessage[]): Promise<readonly SendResult[]> {
    try {
      messages.forEach(assertSendable);
      const outgoing = messages.map((message) => this.#outgoing(message));
      return (await this.#sender.sendBatch(outgoing)).map(resultOf);
    } catch (error) {
      if (!(error instanceof Error && MESSAGE_FAULTS.includes(error.name))) throw error;
      if (messages.length === 1) {
        return [{ sent: false, refused: true, reason: `${error.name}: ${error.message}` }];
      }
      return (await Promise.all(messages.map((message) => this.send([message])))).flat();
    }
  }

  #outgoing({ body, attributes, labels, group, deduplicationId }: OutputMessage): OutgoingMessage {
    const entries = Object.entries({ ...(this.fansOut && labels), ...attributes });
    return {
      body,
      attributes: Object.fromEntries(entries.map(([name, attribute]) => [name, attributeValue(attribute)])),
      groupId: group,
      deduplicationId,
    };
  }
}

function resultOf(failure: BatchFailure | undefined): SendResult {
  if (!failure) return { sent: true };
  const { code, reason, isSenderFault } = failure;
  return { sent: false, refused: isSenderFault && !TRANSIENT.test(code), reason };
}

/** A dead letter of another queue may be more than SQS can hold. @throws RangeError */
function assertSendable({ bytes, cloudEvent }: OutputMessage): void {
  if (bytes) throw new RangeError('SQS takes only text bodies');
  if (cloudEvent) throw new RangeError("SQS doesn't take CloudEvents in binary mode");
}

function attributeValue({ type, value }: MessageAttribute): MessageAttributeValue {
  return typeof value === 'string'
    ? { DataType: type, StringValue: value }
    : { DataType: type, BinaryValue: value };
}
