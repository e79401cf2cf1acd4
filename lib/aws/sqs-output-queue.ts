import type { MessageAttributeValue, SQSClient } from '@aws-sdk/client-sqs';
import { SQS_MAX_BATCH_ENTRIES, SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import type { MessageAttribute } from '../core/model/received-message.ts';
import {
  type OutputMessage,
  type OutputQueue,
  PAID_CALL_LINGER_MILLISECONDS,
  type SendResult,
} from '../core/ports/message-sink.ts';
import type { BatchFailure } from './sqs-batch.ts';
import { isFifo } from './sqs-fifo.ts';
import { messageSize, type OutgoingSqsMessage, SqsSender } from './sqs-sender.ts';

/**
 * Errors of a whole call that one of its messages causes, {@link assertSendable}'s included. Sent alone, the other messages succeed.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
const MESSAGE_FAULTS: readonly string[] = ['BatchRequestTooLong', 'InvalidMessageContents', 'RangeError'];

/**
 * Codes of transient failures, although SQS marks some of them as the sender's fault: throttling, and the state and
 * permissions of the queue and its key. The names vary: `KmsThrottled` is also `KMS.ThrottlingException`.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html#API_SendMessageBatch_Errors
 */
const TRANSIENT = /throttl|kms|limit|access|security|exist/i;

/** An SQS queue as a message sink. */
export class SqsOutputQueue implements OutputQueue {
  readonly maxMessages = SQS_MAX_BATCH_ENTRIES;
  readonly maxBytes = SQS_MAX_MESSAGE_BYTES;
  readonly maxMessageBytes: number;
  /** The next message of a group waits until this one is sent. */
  readonly lingerMilliseconds: number;
  readonly #sender: SqsSender;

  /** @param maxMessageBytes the queue's MaximumMessageSize */
  constructor(client: SQSClient, url: string, maxMessageBytes = SQS_MAX_MESSAGE_BYTES) {
    this.#sender = new SqsSender(client, url);
    this.maxMessageBytes = maxMessageBytes;
    this.lingerMilliseconds = isFifo(url) ? 0 : PAID_CALL_LINGER_MILLISECONDS;
  }

  sizeOf(message: OutputMessage): number {
    return messageSize(sqsMessage(message));
  }

  async send(messages: readonly OutputMessage[]): Promise<readonly SendResult[]> {
    try {
      messages.forEach(assertSendable);
      return (await this.#sender.sendBatch(messages.map(sqsMessage))).map(resultOf);
    } catch (error) {
      if (!(error instanceof Error && MESSAGE_FAULTS.includes(error.name))) throw error;
      if (messages.length === 1) {
        return [{ sent: false, refused: true, reason: `${error.name}: ${error.message}` }];
      }
      return (await Promise.all(messages.map((message) => this.send([message])))).flat();
    }
  }
}

function resultOf(failure: BatchFailure | undefined): SendResult {
  if (!failure) return { sent: true };
  const { code, reason, isSenderFault } = failure;
  return { sent: false, refused: isSenderFault && !TRANSIENT.test(code), reason };
}

/** A dead letter of another queue may be more than SQS can hold. @throws RangeError */
function assertSendable({ bytes, cloudEvent }: OutputMessage): void {
  if (bytes) throw new RangeError('SQS takes no body that is not text');
  if (cloudEvent) throw new RangeError('SQS takes no CloudEvent in binary mode');
}

function sqsMessage({ body, attributes, group, deduplicationId }: OutputMessage): OutgoingSqsMessage {
  const entries = Object.entries(attributes);
  return {
    body,
    attributes: Object.fromEntries(entries.map(([name, attribute]) => [name, sqsAttribute(attribute)])),
    groupId: group,
    deduplicationId,
  };
}

function sqsAttribute({ type, value }: MessageAttribute): MessageAttributeValue {
  return typeof value === 'string'
    ? { DataType: type, StringValue: value }
    : { DataType: type, BinaryValue: value };
}
