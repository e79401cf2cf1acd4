import { murmur2, ProduceAcks, Producer } from '@platformatic/kafka';
import { unlessAborted } from '../../core/base/unless-aborted.ts';
import type { Outlet, SendResult } from '../../core/ports/message-sink.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { ReconnectingSession, type Session } from '../reconnecting-session.ts';
import { asKafkaError, clientOptions, isKafkaError, reasonOf } from './client.ts';
import { type EncodedRecord, encodedSize } from './message.ts';
import { type KafkaTopic, readTopics } from './topic.ts';
import { describeKafka, type KafkaAddress } from './url.ts';

/** How long a send may take, a reconnection included. */
const SEND_TIMEOUT_MILLISECONDS = 10_000;

/** How long a server may take for an answer. */
const REQUEST_TIMEOUT_MILLISECONDS = 5_000;

/** Why a server never accepts a record. */
const REFUSALS = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'INVALID_TIMESTAMP'];

/** Errors of the client about the connection. */
const DISCONNECTED = ['PLT_KFK_NETWORK', 'PLT_KFK_TIMEOUT'];

/** Publishes records to a topic. All replicas that are in sync confirm each of them. */
export class Publisher implements Outlet<EncodedRecord>, AsyncDisposable {
  readonly maxMessages = 256;
  /** Messages of one turn share a request. */
  readonly lingerMilliseconds = 0;
  readonly #connection: ReconnectingSession<ProducerSession>;
  #maxMessageBytes: number;

  private constructor(connection: ReconnectingSession<ProducerSession>) {
    this.#connection = connection;
    this.#maxMessageBytes = connection.current.topic.maxMessageBytes;
  }

  /**
   * @throws ConfigurationError if the topic is missing or the login is refused; another error if no server can be reached
   */
  static async open(address: KafkaAddress, topic: string, logger: Logger): Promise<Publisher> {
    const connection = await ReconnectingSession.open({
      server: `${describeKafka(address)} (publishing to ${topic})`,
      logger,
      open: async (end) => {
        const [found] = await readTopics(address, [topic]);
        if (!found) throw new Error(`Kafka returned nothing about the topic ${topic}`);
        return new ProducerSession(address, found, end);
      },
    });
    return new Publisher(connection);
  }

  /** The topic when it was connected last. */
  get topic(): KafkaTopic {
    return this.#connection.current.topic;
  }

  /** The server limits batches: all messages of a send may be in one. */
  get maxBytes(): number {
    return this.#maxMessageBytes;
  }

  get maxMessageBytes(): number {
    return this.#maxMessageBytes;
  }

  sizeOf(record: EncodedRecord): number {
    return encodedSize(record);
  }

  async send(records: readonly EncodedRecord[]): Promise<readonly SendResult[]> {
    if (records.length > this.maxMessages) {
      throw new RangeError(`a send takes up to ${this.maxMessages} messages, got ${records.length}`);
    }
    const signal = AbortSignal.timeout(SEND_TIMEOUT_MILLISECONDS);
    const fitting = records.filter((record) => this.sizeOf(record) <= this.maxMessageBytes);
    const results = fitting.length > 0 ? (await this.#send(fitting, signal)).values() : [].values();
    return records.map((record) => {
      const size = this.sizeOf(record);
      if (size <= this.maxMessageBytes) return results.next().value ?? NO_RESULT;
      return refused(`the message is ${size} bytes; the limit of the topic is ${this.maxMessageBytes}`);
    });
  }

  /**
   * What a lost connection leaves unknown is sent again on the next one. If several are refused together, each is sent by
   * itself: one that is too large, or whose partition has no leader, doesn't hold up the others.
   */
  async #send(records: readonly EncodedRecord[], signal: AbortSignal): Promise<readonly SendResult[]> {
    for (;;) {
      const session = await this.#connection.connected(signal);
      this.#maxMessageBytes = session.topic.maxMessageBytes;
      const failure = await session.send(records, signal);
      if (failure === undefined) return records.map(() => ({ sent: true }));
      if (session.isLost && !signal.aborted) continue;
      if (records.length === 1 || signal.aborted) return records.map(() => failure);
      return (await Promise.all(records.map((record) => this.#send([record], signal)))).flat();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection[Symbol.asyncDispose]();
  }
}

const NO_RESULT: SendResult = { sent: false, refused: false, reason: 'there was no result' };

function refused(reason: string): SendResult {
  return { sent: false, refused: true, reason };
}

/** A producer, which repeats what it doesn't know to be stored without storing it twice. */
class ProducerSession implements Session {
  readonly topic: KafkaTopic;
  isLost = false;
  readonly #producer: Producer;
  readonly #address: KafkaAddress;
  readonly #end: (reason: Error) => void;

  constructor(address: KafkaAddress, topic: KafkaTopic, end: (reason: Error) => void) {
    this.topic = topic;
    this.#address = address;
    this.#end = end;
    this.#producer = new Producer({
      ...clientOptions(address, REQUEST_TIMEOUT_MILLISECONDS),
      acks: ProduceAcks.ALL,
      idempotent: true,
    });
  }

  /** @returns why it failed; undefined if all of them are stored */
  async send(
    records: readonly EncodedRecord[],
    signal: AbortSignal,
  ): Promise<Extract<SendResult, { sent: false }> | undefined> {
    const messages = records.map((record) => ({
      topic: this.topic.name,
      ...record,
      ...(record.key && { partition: hashOf(record.key) }),
    }));
    try {
      await unlessAborted(this.#producer.send({ messages }), signal, () => {
        throw new NoConfirm();
      });
      return undefined;
    } catch (error) {
      const isDisconnected =
        error instanceof NoConfirm || DISCONNECTED.some((code) => isKafkaError(error, 'code', code));
      if (isDisconnected) this.#lose(asKafkaError(error, this.#address));
      const isRefused = REFUSALS.some((id) => isKafkaError(error, 'apiId', id));
      return { sent: false, refused: isRefused, reason: reasonOf(error) };
    }
  }

  #lose(reason: Error): void {
    this.isLost = true;
    this.#end(reason);
  }

  async close(): Promise<void> {
    await this.#producer.close(true);
  }

  lost(): void {
    this.isLost = true;
    void this.#producer.close(true).catch(() => {});
  }
}

/**
 * The hash of a key as Kafka's own client computes it. Our client takes its remainder by the number of partitions as the partition,
 * as Kafka's does. The hash of our client keeps its sign bit, which would put half of the keys of a topic with 12 partitions elsewhere.
 * @see https://github.com/apache/kafka/blob/4.4.0/clients/src/main/java/org/apache/kafka/clients/producer/internals/BuiltInPartitioner.java
 */
function hashOf(key: Buffer): number {
  return murmur2(key) & 0x7fff_ffff;
}

class NoConfirm extends Error {
  constructor() {
    super(`Kafka didn't confirm the messages within ${SEND_TIMEOUT_MILLISECONDS / 1_000} s`);
  }
}
