import { DEFAULT_PRIORITY, type Priority } from '../core/model/priority.ts';
import { statedPriority } from '../core/wire/stated-priority.ts';
import type { BatchFailure } from './batch-call.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import type { SqsSender } from './sqs-sender.ts';

/** Puts each message back into the queue of its priority. */
export class LanedSender implements Pick<SqsSender, 'sendBatch'> {
  readonly #lanes: Readonly<Record<Priority, Pick<SqsSender, 'sendBatch'>>>;

  constructor(lanes: Readonly<Record<Priority, Pick<SqsSender, 'sendBatch'>>>) {
    this.#lanes = lanes;
  }

  async sendBatch(messages: readonly OutgoingMessage[]): Promise<(BatchFailure | undefined)[]> {
    const failures = new Map<OutgoingMessage, BatchFailure | undefined>();
    for (const [priority, batch] of Map.groupBy(messages, priorityOf)) {
      const results = await this.#lanes[priority].sendBatch(batch);
      for (const [index, message] of batch.entries()) failures.set(message, results[index]);
    }
    return messages.map((message) => failures.get(message));
  }
}

function priorityOf({ body, attributes = {} }: OutgoingMessage): Priority {
  const texts = Object.entries(attributes).flatMap(([name, { StringValue }]) =>
    StringValue === undefined ? [] : [[name, StringValue] as const],
  );
  return statedPriority({ body, attributes: Object.fromEntries(texts) }) ?? DEFAULT_PRIORITY;
}
