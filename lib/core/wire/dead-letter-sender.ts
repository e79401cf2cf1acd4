import type { DeadLettering, DeadLetterReason, QueueMessage } from '../model/received-message.ts';
import type { Random } from '../ports/clock.ts';
import type { OutputMessage, OutputQueue } from '../ports/message-sink.ts';
import { ATTRIBUTES } from './attributes.ts';
import { BatchPublisher } from './batch-publisher.ts';
import { encodeDeadLetter } from './encode-dead-letter.ts';

/** Sends copies of messages to a dead-letter queue. Copies that are sent in one turn of the event loop share calls. */
export class DeadLetterSender {
  readonly #queue: OutputQueue;
  readonly #publisher: BatchPublisher<OutputMessage>;

  constructor(queue: OutputQueue, random: Random) {
    this.#queue = queue;
    this.#publisher = new BatchPublisher(queue, random, () => false);
  }

  /** Sends a copy of a message, with attributes that say why it is dead-lettered. Never rejects. */
  async send(message: QueueMessage, reason: DeadLetterReason): Promise<DeadLettering> {
    const letter = encodeDeadLetter(message, reason, this.#queue);
    const publication = await this.#publisher.publish(letter);
    if (!publication.published) {
      return { moved: false, refused: publication.refused, reason: publication.reason };
    }
    return { moved: true, bare: !(ATTRIBUTES.deadLetterRedrives in letter.attributes) };
  }
}

/** The result for a message whose queue has no dead-letter queue. */
export const NO_DEAD_LETTER_QUEUE: DeadLettering = {
  moved: false,
  refused: true,
  reason: 'the queue has no dead-letter queue',
};
