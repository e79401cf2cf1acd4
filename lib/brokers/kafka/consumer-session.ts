import {
  type ClusterMetadata,
  ConnectionPool,
  Consumer,
  type fetchV17,
  ListOffsetTimestamps,
  offsetCommitV8,
} from '@platformatic/kafka';
import { messageOf } from '../../core/base/serialize-error.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import type { Session } from '../reconnecting-session.ts';
import type { Assignment, TopicPartitions } from './assignment.ts';
import { asKafkaError, clientOptions, isKafkaError } from './client.ts';
import type { FetchedRecord, Inbox } from './inbox.ts';
import { retryInfoOf } from './message.ts';
import type { Partition } from './partition.ts';
import { type FetchedPartition, lastOffsetOf, readRecords } from './record.ts';
import { type KafkaInputUrl, topicsOf } from './url.ts';

/** How long a fetch waits for records. Partitions that were assigned meanwhile are fetched after it. */
const FETCH_WAIT_MILLISECONDS = 1_000;
const FETCH_TIMEOUT_MILLISECONDS = 10_000;

/** Most bytes of a fetch; a larger batch is fetched nevertheless. */
const FETCH_BYTES = 8 * 1024 * 1024;
const FETCH_PARTITION_BYTES = 1024 * 1024;

/** Most bytes of records in memory that aren't due. Beyond that, no retries are fetched. */
const HELD_BYTES = 32 * 1024 * 1024;

/** Heartbeats within the session: two may fail. */
const BEATS = 3;
const LONGEST_BEAT_MILLISECONDS = 3_000;

/** Without an answer to heartbeats for as long, the connection is lost. */
const SILENCE_TIMEOUT_MILLISECONDS = 10_000;

/** How long the group waits for its members when it reassigns partitions. */
const REBALANCE_SECONDS = 60;

/** Prefers that a member keeps its partitions, and takes none away before their owner has let go of it. */
const PROTOCOLS = [{ name: 'cooperative-sticky', version: 3 }];

/** The client's value of an offset that the server doesn't name. */
const NO_OFFSET = -1n;

/** Longest wait of a timer in Node.js. */
const LONGEST_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** Errors of a commit that the next assignment follows. */
const REASSIGNED = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS'];

/** What a {@link ConsumerSession} works on. */
export interface ConsumerOptions {
  readonly url: KafkaInputUrl;
  readonly assignment: Assignment;
  readonly inbox: Inbox;
  readonly logger: Logger;
}

/** A member of a consumer group, which fetches records into the inbox and commits what is settled. */
export class ConsumerSession implements Session {
  readonly #options: ConsumerOptions;
  readonly #consumer: Consumer;
  /** Fetches wait in the server, and would hold up heartbeats and commits on the same connection. */
  readonly #fetchConnections: ConnectionPool;
  readonly #end: (reason: Error) => void;
  readonly #topics: readonly string[];
  /** Servers that a fetch waits in. */
  readonly #fetching = new Set<number>();
  #isPlanning = false;
  #partitionCount: number | undefined;
  #arrival: PromiseWithResolvers<void> | undefined;
  #dueTimer: NodeJS.Timeout | undefined;
  #committing: Promise<void> | undefined;
  #isClosed = false;

  private constructor(options: ConsumerOptions, end: (reason: Error) => void) {
    const { url } = options;
    this.#options = options;
    this.#end = end;
    this.#topics = topicsOf(url);
    const sessionMilliseconds = url.sessionSeconds * 1_000;
    const fetchOptions = clientOptions(url.address, FETCH_TIMEOUT_MILLISECONDS);
    this.#fetchConnections = new ConnectionPool(fetchOptions.clientId, fetchOptions);
    this.#consumer = new Consumer({
      // To join a group takes until all its members have joined, or are gone.
      ...clientOptions(url.address, Math.max(REBALANCE_SECONDS * 1_000, sessionMilliseconds) + 5_000),
      groupId: url.group,
      autocommit: false,
      protocols: PROTOCOLS,
      sessionTimeout: sessionMilliseconds,
      rebalanceTimeout: Math.max(REBALANCE_SECONDS * 1_000, sessionMilliseconds),
      heartbeatInterval: Math.min(sessionMilliseconds / BEATS, LONGEST_BEAT_MILLISECONDS),
      heartbeatStallTimeout: SILENCE_TIMEOUT_MILLISECONDS,
    });
  }

  /** @throws ConfigurationError if the server denies it; another error if it can't be reached */
  static async open(options: ConsumerOptions, end: (reason: Error) => void): Promise<ConsumerSession> {
    const { address } = options.url;
    const session = new ConsumerSession(options, (error) => end(asKafkaError(error, address)));
    try {
      await session.#join();
      return session;
    } catch (error) {
      session.lost(error instanceof Error ? error : new Error(messageOf(error)));
      throw asKafkaError(error, address);
    }
  }

  async #join(): Promise<void> {
    const consumer = this.#consumer;
    // As the member that it was before a lost connection, so that the group doesn't wait for that one.
    const { memberId, generationId, assignments } = this.#options.assignment.member;
    consumer.memberId = memberId;
    consumer.generationId = generationId;
    consumer.assignments =
      assignments?.map(({ topic, partitions }) => ({ topic, partitions: [...partitions] })) ?? null;
    consumer.topics.trackAll(...this.#topics);
    consumer.on('error', (error) => this.#end(error));
    consumer.on('consumer:heartbeat:stalled', ({ lastError }) => {
      this.#end(lastError ?? new Error('the group answers no heartbeats'));
    });
    for (const event of ['consumer:group:join', 'consumer:group:rebalance'] as const) {
      consumer.on(event, () => void this.#takeAssignment().catch((error) => this.#failed(error)));
    }
    await consumer.joinGroup({});
    await this.#takeAssignment();
  }

  /** Resolves when records may have come, or are due. @throws an error if the connection is lost */
  arrival(): Promise<void> {
    this.#arrival ??= Promise.withResolvers();
    clearTimeout(this.#dueTimer);
    const wait = this.#options.inbox.nextDue - Date.now();
    if (Number.isFinite(wait)) {
      const milliseconds = Math.min(Math.max(0, wait), LONGEST_TIMER_MILLISECONDS);
      this.#dueTimer = setTimeout(() => this.wake(), milliseconds);
    }
    void this.#fetch();
    return this.#arrival.promise;
  }

  /** Ends the wait of {@link arrival}. */
  wake(): void {
    this.#arrival?.resolve();
    this.#arrival = undefined;
  }

  /** Commits soon what is settled. */
  commit(): void {
    this.#committing ??= new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.#commit())
      .catch((error) => {
        this.#failed(error);
        return false;
      })
      .then((isCommitted) => {
        this.#committing = undefined;
        if (isCommitted && !this.#isClosed && this.#uncommitted().length > 0) this.commit();
      });
  }

  /** Takes over what the group has assigned, and asks from where on it isn't settled. */
  async #takeAssignment(): Promise<void> {
    // The next session owns the assignment.
    if (this.#isClosed) return;
    const { assignment, inbox } = this.#options;
    const { generationId } = this.#consumer;
    assignment.update(this.#consumer);
    inbox.forgetLost();
    const ids = await this.#topicIds();
    if (this.#isClosed) return;
    this.#forgetReplaced(ids);
    const { missing } = assignment;
    const starts = missing.length > 0 ? await this.#startsOf(missing) : [];
    // The assignment that follows asks again.
    if (this.#isClosed || this.#consumer.generationId !== generationId) return;
    for (const { topic, index, start } of starts) {
      assignment.add({ topic, topicId: ids.get(topic) ?? '', index }, start);
    }
    this.commit();
    if (this.#arrival) void this.#fetch();
  }

  async #topicIds(): Promise<ReadonlyMap<string, string>> {
    const { topics } = await this.#consumer.metadata({ topics: [...this.#topics] });
    return new Map([...topics].map(([name, { id }]) => [name, id]));
  }

  /** Kafka forgets the offsets of a topic that is deleted: a new one is read from its start. */
  #forgetReplaced(ids: ReadonlyMap<string, string>): void {
    const { assignment, inbox, logger } = this.#options;
    for (const topic of assignment.loseReplaced(ids)) {
      logger.error(
        'Messages are lost if the topic had any left: it was deleted, and created again. The new one is processed from its start',
        { topic },
      );
    }
    inbox.forgetLost();
  }

  /** The committed offsets; without one, the first offset that is stored. */
  async #startsOf(missing: readonly TopicPartitions[]) {
    const topics = missing.map(({ topic, partitions }) => ({ topic, partitions: [...partitions] }));
    const [committed, earliest] = await Promise.all([
      this.#consumer.listCommittedOffsets({ topics }),
      this.#earliest(missing),
    ]);
    return missing.flatMap(({ topic, partitions }) =>
      partitions.map((index) => {
        const offset = committed.get(topic)?.[index] ?? -1n;
        return { topic, index, start: offset >= 0n ? offset : (earliest.get(topic)?.[index] ?? 0n) };
      }),
    );
  }

  #earliest(of: readonly TopicPartitions[]): Promise<Map<string, bigint[]>> {
    const some = of.filter(({ partitions }) => partitions.length > 0);
    return this.#consumer.listOffsets({
      topics: some.map(({ topic }) => topic),
      partitions: Object.fromEntries(some.map(({ topic, partitions }) => [topic, [...partitions]])),
      timestamp: ListOffsetTimestamps.EARLIEST,
    });
  }

  /** Fetches from each server that no fetch waits in. */
  async #fetch(): Promise<void> {
    if (this.#isPlanning || this.#isClosed) return;
    this.#isPlanning = true;
    try {
      const metadata = await this.#consumer.metadata({ topics: [...this.#topics] });
      this.#checkPartitions(metadata);
      for (const [node, partitions] of this.#plan(metadata)) {
        void this.#fetchFrom(node, partitions, metadata).catch((error) => this.#failed(error));
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isPlanning = false;
    }
  }

  #failed(error: unknown): void {
    if (!this.#isClosed) this.#end(error instanceof Error ? error : new Error(messageOf(error)));
  }

  /** Only a member that joins makes the group assign partitions that were added. */
  #checkPartitions({ topics }: ClusterMetadata): void {
    const count = this.#topics.reduce((sum, name) => sum + (topics.get(name)?.partitionsCount ?? 0), 0);
    this.#partitionCount ??= count;
    if (count !== this.#partitionCount) throw new Error('the number of partitions has changed');
  }

  /** Partitions without records in memory, by the server that leads them. */
  #plan({ topics }: ClusterMetadata): Map<number, Partition[]> {
    const { assignment, inbox, url } = this.#options;
    const plan = new Map<number, Partition[]>();
    for (const partition of assignment.partitions) {
      if (partition.waiting > 0) continue;
      if (partition.topic === url.retryTopic && inbox.heldBytes >= HELD_BYTES) continue;
      const found = topics.get(partition.topic);
      // The next session forgets its offsets.
      if (found?.id !== partition.topicId) {
        throw new Error(`the topic ${partition.topic} was deleted, or created again`);
      }
      const leader = found.partitions[partition.index]?.leader;
      if (leader === undefined || this.#fetching.has(leader)) continue;
      plan.set(leader, [...(plan.get(leader) ?? []), partition]);
    }
    return plan;
  }

  async #fetchFrom(
    node: number,
    partitions: readonly Partition[],
    { topics }: ClusterMetadata,
  ): Promise<void> {
    const nameOf = new Map([...topics].map(([name, { id }]) => [id, name]));
    const requested = new Map(partitions.map((partition) => [partition, partition.next]));
    this.#fetching.add(node);
    try {
      const response = await this.#consumer.fetch({
        node,
        connectionPool: this.#fetchConnections,
        maxWaitTime: FETCH_WAIT_MILLISECONDS,
        maxBytes: FETCH_BYTES,
        topics: partitions.map(({ topicId, index, next, epoch }) => ({
          topicId,
          partitions: [
            {
              partition: index,
              fetchOffset: next,
              partitionMaxBytes: FETCH_PARTITION_BYTES,
              currentLeaderEpoch: -1,
              lastFetchedEpoch: epoch,
            },
          ],
        })),
      });
      this.#receive(response, nameOf, requested);
    } catch (error) {
      if (!isKafkaError(error, 'apiId', 'OFFSET_OUT_OF_RANGE')) throw error;
      await this.#goOnWithStored(partitions);
    } finally {
      this.#fetching.delete(node);
    }
    if (this.#arrival) void this.#fetch();
  }

  /** @param requested partitions with the offset that was asked for: a session of fetches may return others */
  #receive(
    { responses }: fetchV17.FetchResponse,
    nameOf: ReadonlyMap<string, string>,
    requested: ReadonlyMap<Partition, bigint>,
  ): void {
    const by = new Map(
      [...requested.keys()].map((partition) => [`${partition.topic}:${partition.index}`, partition]),
    );
    for (const { topicId, partitions } of responses) {
      for (const fetched of partitions) {
        const partition = by.get(`${nameOf.get(topicId)}:${fetched.partitionIndex}`);
        if (!partition || partition.isLost || partition.next !== requested.get(partition)) continue;
        const { endOffset: start = NO_OFFSET } = fetched.divergingEpoch ?? {};
        if (start === NO_OFFSET) this.#add(partition, fetched);
        else this.#goBack(partition, start);
      }
    }
    this.commit();
  }

  #add(partition: Partition, fetched: FetchedPartition): void {
    const { inbox, url } = this.#options;
    const isRetry = partition.topic === url.retryTopic;
    for (const stored of readRecords(partition.topic, fetched, partition.next)) {
      const { consumer = url.group, notBefore = 0 } = isRetry ? retryInfoOf(stored) : {};
      if (consumer !== url.group) continue;
      const record: FetchedRecord = { ...stored, owned: partition };
      partition.add(record);
      if (notBefore > Date.now()) inbox.hold(record, notBefore);
      else inbox.add(record);
    }
    const last = fetched.records?.at(-1);
    if (last) {
      partition.next = lastOffsetOf(last) + 1n;
      partition.epoch = last.partitionLeaderEpoch;
    }
    this.wake();
  }

  /** From an offset on, the server has lost records that it delivered. It may have others in their place. */
  #goBack(partition: Partition, start: bigint): void {
    const { topic, index, next } = partition;
    const lost = { topic, partition: index, from: String(start), to: String(next - 1n) };
    const line = 'Kafka has lost messages that it had delivered. What is in their place is processed';
    if (start < next) this.#options.logger.error(line, lost);
    partition.restart(start);
  }

  /** Goes on with what is stored, where the server has deleted what wasn't fetched, or everything. */
  async #goOnWithStored(partitions: readonly Partition[]): Promise<void> {
    const { logger } = this.#options;
    const earliest = await this.#earliest(
      this.#topics.map((topic) => ({
        topic,
        partitions: partitions.filter((each) => each.topic === topic).map(({ index }) => index),
      })),
    );
    for (const partition of partitions) {
      const { topic, index, next } = partition;
      const start = earliest.get(topic)?.[index];
      if (start === undefined || start === next) continue;
      if (start < next) {
        this.#goBack(partition, start);
        continue;
      }
      const lost = { topic, partition: index, from: String(next), to: String(start - 1n) };
      logger.error(
        'Messages are lost: Kafka deleted them before they were processed. Raise retention.ms',
        lost,
      );
      partition.restart(start);
    }
  }

  #uncommitted(): readonly Partition[] {
    return this.#options.assignment.partitions.filter(({ lowWater, committed }) => lowWater > committed);
  }

  /**
   * Commits with the generation in which the partitions were assigned, so that the server refuses it if they are lost. The
   * client's own `commit` would then join the group and commit the same offsets as its new member.
   * @returns false if the partitions are being reassigned: the assignment that follows commits again
   */
  async #commit(): Promise<boolean> {
    const partitions = this.#uncommitted().map((partition) => ({ partition, offset: partition.lowWater }));
    const { memberId, generationId } = this.#options.assignment.member;
    if (partitions.length === 0 || memberId === null) return true;
    const topics = partitions.map(({ partition: { topic, index }, offset }) => ({
      name: topic,
      partitions: [{ partitionIndex: index, committedOffset: offset, committedLeaderEpoch: -1 }],
    }));
    try {
      const connection = await this.#coordinator();
      await offsetCommitV8.api.async(
        connection,
        this.#options.url.group,
        generationId,
        memberId,
        null,
        topics,
      );
      for (const { partition, offset } of partitions) partition.committed = offset;
      return true;
    } catch (error) {
      if (!REASSIGNED.some((id) => isKafkaError(error, 'apiId', id))) throw error;
      return false;
    }
  }

  async #coordinator() {
    const node = await this.#consumer.findGroupCoordinator();
    const { brokers } = await this.#consumer.metadata({ topics: [...this.#topics] });
    const broker = brokers.get(node);
    if (!broker) throw new Error('the coordinator of the group is unknown');
    return this.#consumer.connections.get(broker);
  }

  /** Commits what is settled and leaves the group, so that others take over at once. */
  async close(): Promise<void> {
    await this.#committing;
    this.#isClosed = true;
    await this.#commit().catch(() => {});
    await this.#disconnect(new Error('the queue was closed'));
  }

  lost(reason: Error): void {
    this.#isClosed = true;
    void this.#disconnect(reason).catch(() => {});
  }

  async #disconnect(reason: Error): Promise<void> {
    clearTimeout(this.#dueTimer);
    this.#arrival?.promise.catch(() => {});
    this.#arrival?.reject(reason);
    this.#arrival = undefined;
    await Promise.allSettled([this.#fetchConnections.close(), this.#consumer.close(true)]);
  }
}
