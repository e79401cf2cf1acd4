import { randomUUID } from 'node:crypto';
import type { ConnectedOutputQueue } from '../../core/ports/broker.ts';
import type { OutputMessage, SendResult } from '../../core/ports/message-sink.ts';
import { encodeMessage, messageSize } from './message.ts';
import { MAX_MESSAGE_BYTES, type Publication, type Publisher } from './publisher.ts';
import { type PublishTarget, targetFor } from './url.ts';

/** A queue or an exchange of RabbitMQ as a message sink. */
export class AmqpOutputQueue implements ConnectedOutputQueue {
  readonly maxMessages = 256;
  readonly maxBytes = MAX_MESSAGE_BYTES;
  /** Messages of one turn share the writes to the socket; confirms come together. */
  readonly lingerMilliseconds = 0;
  readonly #publisher: Publisher;
  readonly #target: PublishTarget;
  /** A message that is sent again has the same id, so that consumers recognize it. */
  readonly #ids = new WeakMap<OutputMessage, string>();

  constructor(publisher: Publisher, target: PublishTarget) {
    this.#publisher = publisher;
    this.#target = target;
  }

  get maxMessageBytes(): number {
    return this.#publisher.maxMessageBytes;
  }

  sizeOf(message: OutputMessage): number {
    return messageSize(message);
  }

  async send(messages: readonly OutputMessage[]): Promise<readonly SendResult[]> {
    if (messages.length > this.maxMessages) {
      throw new RangeError(`a send takes up to ${this.maxMessages} messages, got ${messages.length}`);
    }
    const publications = messages.map((message) => this.#publicationOf(message));
    const sent = await this.#publisher.publish(publications.filter(isPublication));
    const results = sent.values();
    return publications.map((item) => (isPublication(item) ? (results.next().value ?? NO_RESULT) : item));
  }

  /** @returns the failure of a message that can't be published */
  #publicationOf(message: OutputMessage): Publication | SendResult {
    const size = this.sizeOf(message);
    if (size > this.maxMessageBytes) {
      return refused(`the message is ${size} bytes; RabbitMQ's limit is ${this.maxMessageBytes}`);
    }
    const id = this.#ids.get(message) ?? randomUUID();
    this.#ids.set(message, id);
    try {
      return { ...encodeMessage(message), target: targetFor(this.#target, message), id };
    } catch (error) {
      if (error instanceof RangeError) return refused(error.message);
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#publisher[Symbol.asyncDispose]();
  }
}

const NO_RESULT: SendResult = { sent: false, refused: false, reason: 'there was no result' };

function isPublication(item: Publication | SendResult): item is Publication {
  return 'target' in item;
}

function refused(reason: string): SendResult {
  return { sent: false, refused: true, reason };
}
