import { unlessAborted } from '../../core/base/unless-aborted.ts';
import type { QueueMessage, ReceivedMessage, SourceCapabilities } from '../../core/model/received-message.ts';
import type { InputOptions } from '../../core/ports/broker.ts';
import type { InputQueue } from '../../core/ports/message-source.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { DeadLetterSender, NO_DEAD_LETTER_QUEUE } from '../../core/wire/dead-letter-sender.ts';
import { messageGroupOf } from '../../core/wire/message-group.ts';
import { ReconnectingSession } from '../reconnecting-session.ts';
import { RunningSettlements } from '../running-settlements.ts';
import { Assignment } from './assignment.ts';
import { ConsumerSession } from './consumer-session.ts';
import { checkGroup } from './group.ts';
import { type FetchedRecord, Inbox } from './inbox.ts';
import { decodeRecord, keyTextOf } from './message.ts';
import { RetryTopic } from './retry-topic.ts';
import { checkInputTopic, type KafkaTopic, logTopicGuarantee, readTopics } from './topic.ts';
import { describeKafka, type KafkaInputUrl, topicsOf } from './url.ts';

/** Longest delay of a message. No retry waits as long. */
const MAX_DELAY_SECONDS = 7 * 86_400;

/**
 * A topic of Kafka that a consumer group reads, with a topic for retries. With order there is none: Kafka keeps the order of a
 * partition, and a retry waits in the worker.
 */
export class KafkaInputQueue implements InputQueue {
  readonly capabilities: SourceCapabilities;
  /** A record stays with the worker that owns its partition. */
  readonly visibilitySeconds = Number.POSITIVE_INFINITY;
  readonly #url: KafkaInputUrl;
  readonly #inbox: Inbox;
  readonly #connection: ReconnectingSession<ConsumerSession>;
  readonly #retryTopic: RetryTopic | undefined;
  readonly #deadLetters: DeadLetterSender | undefined;
  readonly #logger: Logger;
  /** Settlements that a close waits for. */
  readonly #settling = new RunningSettlements();

  private constructor(opened: Opened, { deadLetters, logger }: InputOptions) {
    this.#url = opened.url;
    this.#inbox = opened.inbox;
    this.#connection = opened.connection;
    this.#retryTopic = opened.retryTopic;
    this.#deadLetters = deadLetters && new DeadLetterSender(deadLetters, Math.random);
    this.#logger = logger;
    this.capabilities = {
      maxDelaySeconds: Math.min(MAX_DELAY_SECONDS, opened.retryTopic?.maxDelaySeconds ?? MAX_DELAY_SECONDS),
      ordered: opened.retryTopic === undefined,
      countsDeliveries: false,
      maxBytes: opened.topic.maxMessageBytes,
    };
  }

  /**
   * @throws ConfigurationError if a topic is missing or unsuitable, or the server denies it; another error if no server can
   *   be reached
   */
  static async open(url: KafkaInputUrl, options: InputOptions): Promise<KafkaInputQueue> {
    const { address, retryTopic: retryName } = url;
    const { logger } = options;
    const [assignment, inbox] = [new Assignment(), new Inbox()];
    const checkTopics = async () => {
      const topics = await readTopics(address, topicsOf(url));
      for (const each of topics) checkInputTopic(each);
      return topics;
    };
    const topics = await checkTopics();
    const [topic] = topics;
    if (!topic) throw new Error('Kafka returned nothing about its topics');
    for (const each of topics) logTopicGuarantee(logger, each);
    const retryTopic =
      retryName === undefined ? undefined : await RetryTopic.open(address, retryName, logger);
    try {
      const connection = await ReconnectingSession.open({
        server: describeKafka(address),
        logger,
        open: async (end) => {
          await checkTopics();
          await checkGroup(url);
          return ConsumerSession.open({ url, assignment, inbox, logger }, end);
        },
      });
      return new KafkaInputQueue({ url, inbox, connection, retryTopic, topic }, options);
    } catch (error) {
      await retryTopic?.[Symbol.asyncDispose]();
      throw error;
    }
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]> {
    while (!signal.aborted) {
      const session = this.#connection.current;
      const records = this.#inbox.take(max);
      if (records.length > 0) return records.map((record) => this.#receivedMessage(record));
      await unlessAborted(session.arrival(), signal, () => undefined);
    }
    return [];
  }

  #receivedMessage(record: FetchedRecord): ReceivedMessage {
    const decoded = decodeRecord(record, { isRetry: record.topic === this.#url.retryTopic });
    const { ordered } = this.capabilities;
    const message = ordered ? { ...decoded, group: messageGroupOf(decoded, keyTextOf(record)) } : decoded;
    return {
      ...message,
      source: this.capabilities,
      ack: async () => this.#settle(record),
      retryAfter: (seconds) => this.#settling.add(this.#retryAfter(record, message, seconds)),
      extend: async () => {},
      deadLetter: async (reason) => this.#deadLetters?.send(message, reason) ?? NO_DEAD_LETTER_QUEUE,
    };
  }

  /** It is committed as soon as all before it are settled. */
  #settle(record: FetchedRecord): void {
    record.owned.settle(record);
    this.#connection.live?.commit();
  }

  /**
   * Kafka has no delays: a copy in the retry topic takes the place of the record. With order, the next owner of the partition
   * gets the record in its old place.
   */
  async #retryAfter(record: FetchedRecord, message: QueueMessage, seconds: number): Promise<void> {
    if (!this.#retryTopic) return;
    record.owned.assertOwned();
    if (seconds < 1) {
      this.#inbox.add(record);
      this.#connection.live?.wake();
      return;
    }
    const delaySeconds = Math.min(Math.ceil(seconds), this.capabilities.maxDelaySeconds);
    const notBefore = Date.now() + delaySeconds * 1_000;
    const reason = await this.#retryTopic.add(record, message, { consumer: this.#url.group, notBefore });
    if (reason === undefined) {
      this.#settle(record);
      return;
    }
    const fields = { messageId: message.id, delaySeconds, reason };
    this.#logger.warn('The retry of a message could not be published: it waits in this worker', fields);
    if (!record.owned.isLost) this.#inbox.hold(record, notBefore);
    this.#connection.live?.wake();
  }

  /** Waits for settlements that have begun. The next owner of a partition gets what isn't settled. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#settling.ended();
    await this.#connection[Symbol.asyncDispose]();
    await this.#retryTopic?.[Symbol.asyncDispose]();
  }
}

/** What an input queue consists of. */
interface Opened {
  readonly url: KafkaInputUrl;
  readonly inbox: Inbox;
  readonly connection: ReconnectingSession<ConsumerSession>;
  readonly retryTopic: RetryTopic | undefined;
  readonly topic: KafkaTopic;
}
