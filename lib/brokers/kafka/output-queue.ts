import type { ConnectedOutputQueue } from '../../core/ports/broker.ts';
import type { OutputMessage, SendResult } from '../../core/ports/message-sink.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { MessageEncoder } from '../message-encoder.ts';
import { NO_TOPIC, TOPIC_TOKEN, topicToken } from '../topic-token.ts';
import { type EncodedRecord, encodeMessage } from './message.ts';
import { Publisher } from './publisher.ts';
import { logTopicGuarantee } from './topic.ts';
import type { KafkaOutputUrl } from './url.ts';

/** A topic of Kafka as a message sink, or one for each topic of requests. */
export class KafkaOutputQueue implements ConnectedOutputQueue {
  readonly #publisher: Publisher;
  readonly #encoder: MessageEncoder<EncodedRecord>;

  private constructor(publisher: Publisher, topic: string) {
    this.#publisher = publisher;
    this.#encoder = new MessageEncoder((message) => ({
      ...encodeMessage(message),
      topic: topic.replace(TOPIC_TOKEN, () => topicToken(message)),
    }));
  }

  /**
   * Of topics by requests, that of requests without one is looked at, and its limits hold for all.
   * @throws ConfigurationError if the topic is missing or the login is refused; another error if no server can be reached
   */
  static async open({ address, topic }: KafkaOutputUrl, logger: Logger): Promise<KafkaOutputQueue> {
    const publisher = await Publisher.open(address, topic.replace(TOPIC_TOKEN, NO_TOPIC), logger);
    logTopicGuarantee(logger, publisher.topic);
    return new KafkaOutputQueue(publisher, topic);
  }

  get maxMessages(): number {
    return this.#publisher.maxMessages;
  }

  get maxBytes(): number {
    return this.#publisher.maxBytes;
  }

  get maxMessageBytes(): number {
    return this.#publisher.maxMessageBytes;
  }

  get lingerMilliseconds(): number {
    return this.#publisher.lingerMilliseconds;
  }

  sizeOf(message: OutputMessage): number {
    const encoded = this.#encoder.encode(message);
    // What can't be sent has any size: sending it says why.
    return encoded instanceof RangeError ? 0 : this.#publisher.sizeOf(encoded);
  }

  async send(messages: readonly OutputMessage[]): Promise<readonly SendResult[]> {
    const encoded = messages.map((message) => this.#encoder.encode(message));
    const sent = await this.#publisher.send(encoded.filter(isRecord));
    const results = sent.values();
    return encoded.map((item): SendResult => {
      if (item instanceof RangeError) return { sent: false, refused: true, reason: item.message };
      return results.next().value ?? NO_RESULT;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#publisher[Symbol.asyncDispose]();
  }
}

const NO_RESULT: SendResult = { sent: false, refused: false, reason: 'there was no result' };

function isRecord(item: EncodedRecord | RangeError): item is EncodedRecord {
  return !(item instanceof RangeError);
}
