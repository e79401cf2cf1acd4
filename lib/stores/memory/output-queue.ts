import { SQS_MAX_BATCH_ENTRIES, SQS_MAX_MESSAGE_BYTES } from '../../core/config/aws-limits.ts';
import {
  type OutputMessage,
  type OutputQueue,
  PAID_CALL_LINGER_MILLISECONDS,
  type SendResult,
} from '../../core/ports/message-sink.ts';
import { messageSize } from '../../core/wire/message-size.ts';
import { Faults } from './faults.ts';
import { assertMessageText } from './message-text.ts';

/** What becomes of one entry of a call instead of being sent. */
export type SendFailure = Extract<SendResult, { sent: false }>;

/** A queue in memory that is as strict as SQS: about sizes, counts and characters. */
export class MemoryOutputQueue implements OutputQueue {
  readonly maxMessages = SQS_MAX_BATCH_ENTRIES;
  readonly maxBytes = SQS_MAX_MESSAGE_BYTES;
  maxMessageBytes = SQS_MAX_MESSAGE_BYTES;
  lingerMilliseconds = PAID_CALL_LINGER_MILLISECONDS;
  readonly faults = new Faults<'send'>();
  /** What every call held, refused ones included. */
  readonly calls: (readonly OutputMessage[])[] = [];
  /** What was sent. */
  readonly messages: OutputMessage[] = [];
  /** Asked for every message of every call. */
  refuse: (message: OutputMessage, call: number) => SendFailure | undefined = () => undefined;
  callsAtOnce = 0;
  mostCallsAtOnce = 0;

  sizeOf(message: OutputMessage): number {
    return messageSize(message);
  }

  async send(messages: readonly OutputMessage[]): Promise<readonly SendResult[]> {
    this.calls.push(messages);
    const call = this.calls.length;
    this.mostCallsAtOnce = Math.max(this.mostCallsAtOnce, ++this.callsAtOnce);
    try {
      return await this.faults.around('send', async () => {
        await Promise.resolve();
        this.#assertCall(messages);
        return messages.map((message) => this.refuse(message, call) ?? this.#accepted(message));
      });
    } finally {
      this.callsAtOnce--;
    }
  }

  #accepted(message: OutputMessage): SendResult {
    this.messages.push(message);
    return { sent: true };
  }

  /** What SQS refuses a whole call for. */
  #assertCall(messages: readonly OutputMessage[]): void {
    if (messages.length === 0) throw new Error('EmptyBatchRequest');
    if (messages.length > this.maxMessages) throw new Error('TooManyEntriesInBatchRequest');
    const size = messages.reduce((sum, message) => sum + this.sizeOf(message), 0);
    if (size > this.maxBytes) throw new Error(`BatchRequestTooLong: ${size} bytes`);
    for (const { body, attributes } of messages) {
      for (const text of [body, ...Object.values(attributes).map(({ value }) => value)])
        if (typeof text === 'string') assertMessageText(text);
    }
  }
}
