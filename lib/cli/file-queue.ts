import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { BatchFailure } from '../aws/batch-call.ts';
import type { OutgoingMessage } from '../aws/outgoing-message.ts';
import type { SqsReceivedMessage } from '../aws/sqs-source.ts';
import { SQS_MAX_BATCH_ENTRIES } from '../core/config/aws-limits.ts';
import type { MessageAttribute, QueueMessage } from '../core/model/received-message.ts';
import { forwardedMessage } from '../core/wire/forwarded-message.ts';
import { type Delivery, MessageTable } from '../stores/sqlite/message-table.ts';
import { messageProblem } from '../stores/sqlite/sendable.ts';
import type { SqliteFile } from '../stores/sqlite/sqlite-file.ts';
import type { RefilledQueue, WalkedQueue } from './queues.ts';

/** How long a message stays invisible after it was received, if the program is killed. */
const HIDDEN_MILLISECONDS = 60_000;

/** A queue in a file as the commands use a queue of SQS, so that their output is the same. */
export class FileQueue implements WalkedQueue, RefilledQueue {
  readonly #messages: MessageTable;
  /** Messages that a walk made invisible, by their ids. */
  readonly #hidden = new Map<string, Delivery>();

  constructor(file: SqliteFile, queue: string) {
    this.#messages = new MessageTable(file, queue);
  }

  async count(): Promise<number> {
    return this.#messages.backlog(Date.now()).waiting;
  }

  async *walk(_perSecond: number, signal: AbortSignal): AsyncGenerator<readonly SqsReceivedMessage[], void> {
    let renewAt = Date.now() + HIDDEN_MILLISECONDS / 2;
    try {
      for (;;) {
        signal.throwIfAborted();
        const now = Date.now();
        const until = now + HIDDEN_MILLISECONDS;
        if (now > renewAt) {
          await Promise.all([...this.#hidden.values()].map((delivery) => delivery.hide(until)));
          renewAt = now + HIDDEN_MILLISECONDS / 2;
        }
        const deliveries = await this.#messages.receive(SQS_MAX_BATCH_ENTRIES, now, until);
        if (deliveries.length === 0) return;
        for (const delivery of deliveries) this.#hidden.set(delivery.message.id, delivery);
        yield deliveries.map(({ message }) => receivedMessage(message));
      }
    } finally {
      const hidden = [...this.#hidden.values()];
      this.#hidden.clear();
      await Promise.all(hidden.map((delivery) => delivery.hide(Date.now())));
    }
  }

  async delete(messages: readonly SqsReceivedMessage[]): Promise<ReadonlyMap<string, string>> {
    await Promise.all(messages.map(({ id }) => this.#hidden.get(id)?.delete()));
    for (const { id } of messages) this.#hidden.delete(id);
    return new Map();
  }

  async sendBatch(messages: readonly OutgoingMessage[]): Promise<(BatchFailure | undefined)[]> {
    const outgoing = messages.map(({ body, attributes = {}, groupId: group }) => {
      const entries = Object.entries(attributes).map(([name, value]) => [name, attributeOf(value)]);
      return { body, attributes: Object.fromEntries(entries), group };
    });
    const failures = outgoing.map(failureOf);
    await this.#messages.send(
      outgoing.filter((_, index) => !failures[index]),
      Date.now(),
    );
    return failures;
  }
}

/** A queue in a file whose messages are read and left as they are. Nothing is deleted. */
export class PeekedFileQueue implements WalkedQueue {
  readonly #messages: MessageTable;

  constructor(file: SqliteFile, queue: string) {
    this.#messages = new MessageTable(file, queue);
  }

  async count(): Promise<number> {
    return this.#messages.backlog(Date.now()).waiting;
  }

  async *walk(_perSecond: number, signal: AbortSignal): AsyncGenerator<readonly SqsReceivedMessage[], void> {
    for (const messages of this.#messages.pages(SQS_MAX_BATCH_ENTRIES)) {
      signal.throwIfAborted();
      yield messages.map(receivedMessage);
    }
  }

  async delete(): Promise<never> {
    throw new Error('A queue that is only read deletes nothing');
  }
}

function failureOf(message: Parameters<typeof messageProblem>[0]): BatchFailure | undefined {
  const reason = messageProblem(message);
  return reason === undefined ? undefined : { code: 'message_refused', reason, isSenderFault: true };
}

function receivedMessage(message: QueueMessage): SqsReceivedMessage {
  const { id, body, group, sentAt, deliveryCount = 1 } = message;
  const { attributes } = forwardedMessage(message);
  return {
    id,
    body,
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, sqsValueOf(value)]),
    ),
    groupId: group,
    sentAt,
    receiveCount: deliveryCount,
    receipt: id,
  };
}

function sqsValueOf({ type, value }: MessageAttribute): MessageAttributeValue {
  return typeof value === 'string'
    ? { DataType: type, StringValue: value }
    : { DataType: type, BinaryValue: value };
}

function attributeOf({
  DataType = 'String',
  StringValue,
  BinaryValue,
}: MessageAttributeValue): MessageAttribute {
  return { type: DataType, value: StringValue ?? BinaryValue ?? '' };
}
