import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../core/ports/telemetry.ts';
import type { Session } from '../reconnecting-session.ts';
import { isReply, RedisConnection } from './connection.ts';
import type { StreamEntry } from './entry.ts';
import { OrderedEntries } from './ordered-entries.ts';
import { arrayOf, parseClaimReply, parseReadReply } from './replies.ts';
import { CLAIM, DELETE_CONSUMERS, SETTLE } from './scripts.ts';
import { checkServer, type Durability, ensureGroup } from './server.ts';
import { besideStream, type RedisInputUrl } from './url.ts';

/** Longest time between two searches for entries whose consumer is gone, and for what other workers made wait. */
const SEARCH_INTERVAL_MILLISECONDS = 5_000;

/** Searches within the visibility time. */
const SEARCHES = 6;

/** Wait before a read is ended that hadn't reached the server yet. */
const UNBLOCK_INTERVAL_MILLISECONDS = 5;

/** Consumers of workers that are gone are deleted after this time. */
const IDLE_CONSUMER_MILLISECONDS = 3_600_000;

/** The cursor before the first entry, and after the last one. */
const START = '0-0';

/** The stream or its group is gone. Up to Redis 7.0, a read that waits for it ends with UNBLOCKED. */
const GROUP_GONE = /^(?:NOGROUP|UNBLOCKED)\b/;

/** What happens to a delivery. */
export interface Settlement {
  readonly action: 'ack' | 'retry' | 'extend';
  readonly id: string;
  readonly deliveryCount: number;
  /** Until the next delivery. */
  readonly waitMilliseconds: number;
}

/** Whether a delivery was settled; it isn't if its message was delivered again, or isn't pending any more. */
export type SettlementResult = 'settled' | 'delivered again' | 'not pending';

/** A consumer of a group, with two connections: one to wait for entries, and one for everything else. */
export class ConsumerSession implements Session {
  readonly durability: Durability;
  readonly #commands: RedisConnection;
  readonly #reads: RedisConnection;
  readonly #readsId: string;
  readonly #url: RedisInputUrl;
  readonly #consumer: string;
  readonly #logger: Logger;
  readonly #keys: readonly string[];
  readonly #ordered: OrderedEntries | undefined;
  readonly #lost = Promise.withResolvers<void>();
  /** When {@link CLAIM} is called next, and when it next searches. In milliseconds since 1970. */
  #claimAt = 0;
  #searchAt = 0;
  /** The read that waits for entries. */
  #read: Promise<unknown> | undefined;

  private constructor(
    commands: RedisConnection,
    reads: RedisConnection,
    readsId: string,
    durability: Durability,
    { url, consumer, logger }: ConsumerOptions,
    ordered: OrderedEntries | undefined,
  ) {
    this.#ordered = ordered;
    this.durability = durability;
    this.#commands = commands;
    this.#reads = reads;
    this.#readsId = readsId;
    this.#url = url;
    this.#consumer = consumer;
    this.#logger = logger;
    this.#keys = [url.stream, besideStream(url.stream, 'waiting')];
  }

  /** @throws ConfigurationError if the server or the stream is unsuitable; another error if it can't be reached */
  static async open(options: ConsumerOptions, end: (reason: Error) => void): Promise<ConsumerSession> {
    const { url } = options;
    const opened: RedisConnection[] = [];
    const connect = async () => {
      const connection = await RedisConnection.open(url.address, end);
      opened.push(connection);
      return connection;
    };
    try {
      const commands = await connect();
      const durability = await checkServer(commands, url.stream);
      await ensureGroup(commands, url);
      const reads = await connect();
      const readsId = String(await reads.call('CLIENT', 'ID'));
      const ordered = options.ordered ? new OrderedEntries({ ...options, commands, end }) : undefined;
      const session = new ConsumerSession(commands, reads, readsId, durability, options, ordered);
      await session.#deleteConsumers('');
      return session;
    } catch (error) {
      for (const connection of opened) connection.destroy(error);
      throw error;
    }
  }

  /** Resolves when the connection is lost. */
  get whenLost(): Promise<void> {
    return this.#lost.promise;
  }

  /**
   * Takes entries that are due, then new ones. It waits for a time for them.
   * @param signal no wait begins after it fires; {@link wake} ends one
   * @returns perhaps none
   */
  async next(max: number, signal: AbortSignal): Promise<readonly StreamEntry[]> {
    try {
      if (this.#ordered) return await this.#nextInOrder(this.#ordered, max, signal);
      const due = Date.now() >= this.#claimAt ? await this.#claim(max) : [];
      return due.length > 0 || signal.aborted ? due : await this.#readNew(max);
    } catch (error) {
      if (!isReply(error, GROUP_GONE)) throw error;
      const { stream, group } = this.#url;
      await ensureGroup(this.#commands, this.#url);
      const line = 'The stream or its consumer group was deleted; both were created again';
      this.#logger.warn(line, { stream, group });
      return [];
    }
  }

  async #nextInOrder(
    ordered: OrderedEntries,
    max: number,
    signal: AbortSignal,
  ): Promise<readonly StreamEntry[]> {
    const { entries, last } = await ordered.next(max, signal);
    if (last === undefined || signal.aborted) return entries;
    // Waits for entries without receiving them: only a script can check the lease and receive.
    const wait = [
      'COUNT',
      '1',
      'BLOCK',
      String(SEARCH_INTERVAL_MILLISECONDS),
      'STREAMS',
      this.#url.stream,
      last,
    ];
    await this.#readBlocking('XREAD', wait);
    return [];
  }

  async #claim(max: number): Promise<StreamEntry[]> {
    const { stream, group, visibilitySeconds } = this.#url;
    const visibility = visibilitySeconds * 1_000;
    const entries: StreamEntry[] = [];
    let cursor = Date.now() >= this.#searchAt ? START : '';
    do {
      const args = [group, this.#consumer, String(max - entries.length), String(visibility), cursor];
      const reply = parseClaimReply(await this.#commands.run(CLAIM, this.#keys, args));
      entries.push(...reply.entries);
      if (reply.lost.length > 0) {
        this.#logger.error('Messages are lost: another client deleted them from the stream, or trimmed it', {
          stream,
          ids: reply.lost,
        });
      }
      if (cursor !== '' && reply.cursor === START) {
        this.#searchAt = Date.now() + Math.min(SEARCH_INTERVAL_MILLISECONDS, visibility / SEARCHES);
      }
      cursor = reply.cursor;
      const dueAt = reply.dueMilliseconds < 0 ? Number.POSITIVE_INFINITY : Date.now() + reply.dueMilliseconds;
      this.#claimAt = Math.min(dueAt, this.#searchAt);
    } while (cursor !== '' && cursor !== START && entries.length < max);
    return entries;
  }

  async #readNew(max: number): Promise<StreamEntry[]> {
    const { stream, group } = this.#url;
    // 0 would wait for ever.
    const wait = Math.max(1, Math.min(Math.ceil(this.#claimAt - Date.now()), SEARCH_INTERVAL_MILLISECONDS));
    const options = ['COUNT', String(max), 'BLOCK', String(wait)];
    const args = ['GROUP', group, this.#consumer, ...options, 'STREAMS', stream, '>'];
    return parseReadReply(await this.#readBlocking('XREADGROUP', args));
  }

  async #readBlocking(command: string, args: readonly string[]): Promise<unknown> {
    const read = this.#reads.callBytes(command, ...args);
    this.#read = read;
    try {
      return await read;
    } finally {
      this.#read = undefined;
    }
  }

  /** Ends the wait of {@link next}. */
  wake(): void {
    const read = this.#read;
    if (read) void this.#unblock(read);
  }

  /** Without the permission for that, or without the connection, the read ends by itself. */
  async #unblock(read: Promise<unknown>): Promise<void> {
    try {
      while (this.#read === read) {
        if ((await this.#commands.call('CLIENT', 'UNBLOCK', this.#readsId)) === 1) return;
        await sleep(UNBLOCK_INTERVAL_MILLISECONDS);
      }
    } catch {}
  }

  async settle(settlements: readonly Settlement[]): Promise<readonly SettlementResult[]> {
    const args = settlements.flatMap(({ action, id, deliveryCount, waitMilliseconds }) => [
      action,
      id,
      String(deliveryCount),
      String(waitMilliseconds),
    ]);
    const reply = await this.#commands.run(SETTLE, this.#keys, [this.#url.group, this.#consumer, ...args]);
    const waits = settlements.filter(({ action }) => action === 'retry').map((each) => each.waitMilliseconds);
    if (waits.length > 0) this.#claimBy(Date.now() + Math.min(...waits));
    return arrayOf(reply).map((result) =>
      result === 1 ? 'settled' : result === 0 ? 'delivered again' : 'not pending',
    );
  }

  #claimBy(time: number): void {
    if (time >= this.#claimAt) return;
    this.#claimAt = time;
    this.wake();
  }

  async #deleteConsumers(name: string): Promise<void> {
    const { stream, group } = this.#url;
    await this.#commands.run(DELETE_CONSUMERS, [stream], [group, name, String(IDLE_CONSUMER_MILLISECONDS)]);
  }

  async close(): Promise<void> {
    this.wake();
    await this.#read?.catch(() => {});
    try {
      await this.#ordered?.close();
      await this.#deleteConsumers(this.#consumer);
    } finally {
      await Promise.all([this.#commands.close(), this.#reads.close()]);
    }
  }

  lost(reason: Error): void {
    this.#lost.resolve();
    this.#ordered?.lost(reason);
    this.#commands.destroy(reason);
    this.#reads.destroy(reason);
  }
}

/** What a {@link ConsumerSession} needs. */
export interface ConsumerOptions {
  readonly url: RedisInputUrl;
  /** The name of the consumer, which no other worker has. */
  readonly consumer: string;
  /** Whether entries come in their order, to one worker at a time. */
  readonly ordered: boolean;
  readonly logger: Logger;
}
