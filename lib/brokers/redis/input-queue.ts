import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setImmediate as immediate } from 'node:timers/promises';
import { ErrorReply } from '@redis/client';
import { unlessAborted } from '../../core/base/unless-aborted.ts';
import { whenAborted } from '../../core/base/when-aborted.ts';
import type { ReceivedMessage, SourceCapabilities } from '../../core/model/received-message.ts';
import type { InputOptions } from '../../core/ports/broker.ts';
import type { InputQueue } from '../../core/ports/message-source.ts';
import { DeadLetterSender, NO_DEAD_LETTER_QUEUE } from '../../core/wire/dead-letter-sender.ts';
import { messageGroupOf } from '../../core/wire/message-group.ts';
import { ReconnectingSession } from '../reconnecting-session.ts';
import { RunningSettlements } from '../running-settlements.ts';
import { ConsumerSession, type Settlement, type SettlementResult } from './consumer-session.ts';
import { decodeEntry, type StreamEntry } from './entry.ts';
import { MAX_MESSAGE_BYTES } from './output-queue.ts';
import { logLosses } from './server.ts';
import { describeAddress, type RedisInputUrl } from './url.ts';

/** How long a settlement may take, a reconnection included. */
const SETTLE_TIMEOUT_MILLISECONDS = 10_000;

/** Any delay is possible; this one is longer than any retry waits. */
const MAX_DELAY_SECONDS = 30 * 86_400;

/** Extensions within the visibility time: two may fail. */
const BEATS = 3;

/** A settlement that waits for the next call. */
interface PendingSettlement extends PromiseWithResolvers<SettlementResult> {
  readonly settlement: Settlement;
}

/** A stream of Redis or Valkey, read by a consumer group; with order, by one worker of it at a time. */
export class RedisInputQueue implements InputQueue {
  readonly capabilities: SourceCapabilities;
  readonly visibilitySeconds: number;
  readonly #url: RedisInputUrl;
  readonly #connection: ReconnectingSession<ConsumerSession>;
  readonly #deadLetters: DeadLetterSender | undefined;
  /** Settlements of this turn of the event loop share a call. */
  #batch: PendingSettlement[] = [];
  /** Calls that a close waits for. */
  readonly #settling = new RunningSettlements();
  /** Timers of messages that are extended for longer than the visibility time. */
  readonly #extensions = new Set<NodeJS.Timeout>();

  private constructor(
    url: RedisInputUrl,
    connection: ReconnectingSession<ConsumerSession>,
    { deadLetters, ordered = false }: InputOptions,
  ) {
    this.capabilities = {
      maxDelaySeconds: MAX_DELAY_SECONDS,
      ordered,
      countsDeliveries: true,
      maxBytes: MAX_MESSAGE_BYTES,
    };
    this.#url = url;
    this.#connection = connection;
    this.#deadLetters = deadLetters && new DeadLetterSender(deadLetters, Math.random);
    // With order, nothing is taken from the worker that has the lease.
    this.visibilitySeconds = ordered ? Number.POSITIVE_INFINITY : url.visibilitySeconds;
  }

  /** @throws ConfigurationError if server or stream are unsuitable; another error if the server can't be reached */
  static async open(url: RedisInputUrl, options: InputOptions): Promise<RedisInputQueue> {
    const { logger, ordered = false } = options;
    const consumer = `${hostname()}-${randomUUID()}`;
    const connection = await ReconnectingSession.open({
      server: describeAddress(url.address),
      logger,
      open: (end) => ConsumerSession.open({ url, consumer, ordered, logger }, end),
    });
    logLosses(url.stream, connection.current.durability, logger);
    return new RedisInputQueue(url, connection, options);
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]> {
    while (!signal.aborted) {
      const session = this.#connection.current;
      const stopWaiting = whenAborted(signal, () => session.wake());
      try {
        const entries = await session.next(max, signal);
        if (entries.length > 0) return entries.map((entry) => this.#receivedMessage(entry));
      } finally {
        stopWaiting();
      }
    }
    return [];
  }

  #receivedMessage(entry: StreamEntry): ReceivedMessage {
    const { id, deliveryCount } = entry;
    const { ordered } = this.capabilities;
    const decoded = decodeEntry(entry, this.#url);
    const message = ordered ? { ...decoded, group: messageGroupOf(decoded) } : decoded;
    let extension: NodeJS.Timeout | undefined;
    const settlement = { id, deliveryCount, waitMilliseconds: 0 };
    const extend = () => this.#settle({ ...settlement, action: 'extend' });
    const settle = async (action: Settlement['action'], seconds = 0) => {
      this.#stop(extension);
      const result = await this.#settle({ ...settlement, action, waitMilliseconds: seconds * 1_000 });
      // An entry that isn't pending was acknowledged, perhaps by a call whose reply was lost.
      if (result === 'settled' || (result === 'not pending' && action === 'ack')) return;
      throw new Error(
        result === 'not pending'
          ? `The message ${message.id} is in its consumer group no more`
          : `The message ${message.id} was delivered again: it wasn't extended for ${this.visibilitySeconds} s`,
      );
    };
    return {
      ...message,
      source: this.capabilities,
      ack: () => settle('ack'),
      // With order, the next worker claims it in its old place.
      retryAfter: async (seconds) =>
        ordered ? undefined : settle('retry', Math.min(seconds, MAX_DELAY_SECONDS)),
      extend: async (seconds) => {
        await settle('extend');
        if (seconds > this.visibilitySeconds) extension = this.#keepExtending(extend, seconds);
      },
      deadLetter: async (reason) => this.#deadLetters?.send(message, reason) ?? NO_DEAD_LETTER_QUEUE,
    };
  }

  /** The server hides a message for the visibility time only: a longer time takes several extensions. */
  #keepExtending(extend: () => Promise<SettlementResult>, seconds: number): NodeJS.Timeout {
    const end = Date.now() + (seconds - this.visibilitySeconds) * 1_000;
    const beat = async () => {
      const result = await extend();
      if (result !== 'settled' || Date.now() >= end) this.#stop(timer);
    };
    // If an extension isn't confirmed, the next one may be.
    const timer = setInterval(() => void beat().catch(() => {}), (this.visibilitySeconds * 1_000) / BEATS);
    this.#extensions.add(timer);
    return timer;
  }

  #stop(extension: NodeJS.Timeout | undefined): void {
    if (!extension) return;
    clearInterval(extension);
    this.#extensions.delete(extension);
  }

  #settle(settlement: Settlement): Promise<SettlementResult> {
    const pending = { settlement, ...Promise.withResolvers<SettlementResult>() };
    if (this.#batch.push(pending) === 1) {
      void this.#settling.add(immediate().then(() => this.#flush()));
    }
    return pending.promise;
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    try {
      const results = await this.#call(batch.map(({ settlement }) => settlement));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] ?? 'not pending');
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** What a lost connection leaves unknown is repeated on the next one. */
  async #call(settlements: readonly Settlement[]): Promise<readonly SettlementResult[]> {
    const signal = AbortSignal.timeout(SETTLE_TIMEOUT_MILLISECONDS);
    for (;;) {
      const session = await this.#connection.connected(signal);
      try {
        return await unlessAborted(session.settle(settlements), signal, () => {
          throw new Error(`Redis didn't reply within ${SETTLE_TIMEOUT_MILLISECONDS / 1_000} s`);
        });
      } catch (error) {
        if (error instanceof ErrorReply || signal.aborted) throw error;
        await unlessAborted(session.whenLost, signal, () => {
          throw error;
        });
      }
    }
  }

  /** Waits for settlements that have begun. The server delivers again what isn't settled. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const extension of this.#extensions) this.#stop(extension);
    await this.#settling.ended();
    await this.#connection[Symbol.asyncDispose]();
  }
}
