import type { QueueMessage } from '../../core/model/received-message.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { BatchPublisher } from '../../core/wire/batch-publisher.ts';
import { type EncodedRecord, type RetryInfo, retryCopy } from './message.ts';
import { Publisher } from './publisher.ts';
import type { StoredRecord } from './record.ts';
import type { KafkaAddress } from './url.ts';

/** The part of its retention that a message may wait: then it must still be there to be processed. */
const DELAY_OF_RETENTION = 0.5;

/** The topic with the copies of records that wait for their next attempt: Kafka has no delays. */
export class RetryTopic implements AsyncDisposable {
  readonly #publisher: Publisher;
  readonly #copies: BatchPublisher<EncodedRecord>;

  private constructor(publisher: Publisher) {
    this.#publisher = publisher;
    this.#copies = new BatchPublisher(publisher, Math.random, () => false);
  }

  /** @throws as {@link Publisher.open} */
  static async open(address: KafkaAddress, topic: string, logger: Logger): Promise<RetryTopic> {
    return new RetryTopic(await Publisher.open(address, topic, logger));
  }

  /** The longest wait that the retention of the topic allows. */
  get maxDelaySeconds(): number {
    const { retentionSeconds = Number.POSITIVE_INFINITY } = this.#publisher.topic;
    return Math.floor(retentionSeconds * DELAY_OF_RETENTION);
  }

  /** Stores a copy of a record. @returns why it isn't stored; undefined if it is */
  async add(record: StoredRecord, message: QueueMessage, info: RetryInfo): Promise<string | undefined> {
    const result = await this.#copies.publish(retryCopy(record, message, info));
    return result.published ? undefined : result.reason;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#publisher[Symbol.asyncDispose]();
  }
}
