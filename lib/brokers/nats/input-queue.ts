import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager, RetentionPolicy, type StreamConfig } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { messageOf } from '../../core/base/serialize-error.ts';
import { unlessAborted } from '../../core/base/unless-aborted.ts';
import type { QueueMessage, ReceivedMessage, SourceCapabilities } from '../../core/model/received-message.ts';
import { isRequestId } from '../../core/model/request-id.ts';
import type { InputOptions } from '../../core/ports/broker.ts';
import type { InputQueue } from '../../core/ports/message-source.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { DeadLetterSender, NO_DEAD_LETTER_QUEUE } from '../../core/wire/dead-letter-sender.ts';
import { messageGroupOf } from '../../core/wire/message-group.ts';
import { ReconnectingSession } from '../reconnecting-session.ts';
import { RunningSettlements } from '../running-settlements.ts';
import { connectNats, unlessClosed } from './connection.ts';
import { readDeliveryInfo } from './delivery-info.ts';
import { decodeContent } from './message.ts';
import { checkOrderedStream, checkUnorderedStream } from './ordered-consumer.ts';
import { OrderedSession } from './ordered-session.ts';
import { type MessageSession, PullSession } from './pull-session.ts';
import { serverMessageOf } from './server-message.ts';
import { ensureConsumer, ensureStream, logStreamGuarantee, NANOSECONDS } from './stream.ts';
import { describeNats, type NatsInputUrl } from './url.ts';

/** How long a settlement may take, a reconnection included. */
const SETTLE_TIMEOUT_MILLISECONDS = 10_000;

/** How long to wait for the reply to a settlement before it is sent again, and how long before a refused one is. */
const REPLY_TIMEOUT_MILLISECONDS = 2_000;
const RETRY_MILLISECONDS = 100;

/** Longest delay of a message. Its number of nanoseconds is exact in JavaScript, and no retry waits as long. */
const MAX_DELAY_SECONDS = 7 * 86_400;

/** Beats within the time a message stays hidden: two may fail. */
const BEATS = 3;

/** A durable pull consumer of a JetStream stream; with order, of one worker at a time. */
export class NatsInputQueue implements InputQueue {
  readonly capabilities: SourceCapabilities;
  readonly visibilitySeconds: number;
  readonly #connection: ReconnectingSession<MessageSession>;
  readonly #deadLetters: DeadLetterSender | undefined;
  readonly #logger: Logger;
  readonly #retention: StreamConfig['retention'] | undefined;
  #hasSchedules = false;
  /** Settlements that a close waits for. */
  readonly #settling = new RunningSettlements();
  /** Timers of messages that are extended for longer than the server can. */
  readonly #extensions = new Set<NodeJS.Timeout>();

  private constructor(
    connection: ReconnectingSession<MessageSession>,
    { deadLetters, ordered = false, logger }: InputOptions,
    maxBytes: number,
    retention: StreamConfig['retention'] | undefined,
  ) {
    this.#connection = connection;
    this.#logger = logger;
    this.#retention = retention;
    this.#deadLetters = deadLetters && new DeadLetterSender(deadLetters, Math.random);
    this.visibilitySeconds = connection.current.limits.ackWaitSeconds;
    this.capabilities = {
      maxDelaySeconds: MAX_DELAY_SECONDS,
      ordered,
      countsDeliveries: true,
      maxBytes,
    };
  }

  /** @throws ConfigurationError if stream or consumer are unsuitable; another error if the server can't be reached */
  static async open(url: NatsInputUrl, options: InputOptions): Promise<NatsInputQueue> {
    const { address, stream, subject } = url;
    const { logger, maxInFlight, ordered } = options;
    const holder = crypto.randomUUID();
    let retention: StreamConfig['retention'] | undefined;
    const connection = await ReconnectingSession.open<MessageSession>({
      server: describeNats(address),
      logger,
      open: async (end) => {
        const nats = await connectNats(address, end);
        try {
          const manager = await jetstreamManager(nats, { checkAPI: false });
          const config = await ensureStream(manager, stream, subject);
          if (retention === undefined) logStreamGuarantee(logger, config);
          retention = config.retention;
          if (ordered) {
            await checkOrderedStream(manager, config, url);
            return await OrderedSession.open({ connection: nats, manager, url, holder, logger, end });
          }
          await checkUnorderedStream(manager, url);
          const limits = await ensureConsumer(manager, url, maxInFlight);
          return new PullSession(nats, url, limits, end);
        } catch (error) {
          await nats.close();
          throw error;
        }
      },
    });
    const maxBytes = connection.current.connection.info?.max_payload ?? 0;
    return new NatsInputQueue(connection, options, maxBytes, retention);
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]> {
    while (!signal.aborted) {
      const session = this.#connection.current;
      const messages = session.take(max).filter((message) => !this.#settleUnlessRequest(message));
      if (messages.length > 0) return messages.map((message) => this.#receivedMessage(message, session));
      await unlessAborted(session.pull(max), signal, () => undefined);
    }
    return [];
  }

  /** Settles a message that isn't a request. @returns false for a request */
  #settleUnlessRequest(raw: Msg): boolean {
    const kind = serverMessageOf(raw);
    if (kind === undefined) return false;
    const { subject } = raw;
    const { stream } = readDeliveryInfo(raw.reply ?? '');
    if (kind === 'marker') {
      if (this.#retention === RetentionPolicy.Workqueue) {
        const line =
          'Messages are lost: NATS deleted them because of their age, before they were acknowledged';
        this.#logger.error(line, { stream, subject });
      }
      this.#settleUnwatched(raw, '+ACK');
      return true;
    }
    if (!this.#hasSchedules) {
      const line =
        'NATS delivers schedules, which are left alone: give the consumer a filter without their subjects';
      this.#logger.warn(line, { stream, subject });
    }
    this.#hasSchedules = true;
    // A work queue deletes what is acknowledged. With order, it stays with this worker.
    if (!this.capabilities.ordered) this.#settleUnwatched(raw, delayed(MAX_DELAY_SECONDS));
    return true;
  }

  /** Without success, the message is delivered again. */
  #settleUnwatched(raw: Msg, payload: string): void {
    this.#settle(raw, payload).catch(() => {});
  }

  #receivedMessage(raw: Msg, session: MessageSession): ReceivedMessage {
    const { ordered } = this.capabilities;
    const decoded = decodeMessage(raw);
    const message = ordered ? { ...decoded, group: messageGroupOf(decoded) } : decoded;
    let extension: NodeJS.Timeout | undefined;
    const settle = async (payload: string) => {
      this.#stop(extension);
      // The next session has another consumer.
      if (ordered && this.#connection.live !== session) {
        throw new Error('NATS delivers the message again, because the connection was lost');
      }
      await this.#settle(raw, payload);
    };
    return {
      ...message,
      source: this.capabilities,
      ack: () => settle('+ACK'),
      retryAfter: async (seconds) => {
        // With order, the next worker gets it in its old place.
        if (ordered) return;
        await settle(delayed(Math.min(Math.ceil(seconds), MAX_DELAY_SECONDS)));
      },
      extend: async (seconds) => {
        this.#stop(extension);
        await this.#settle(raw, '+WPI');
        if (seconds > this.visibilitySeconds) extension = this.#keepExtending(raw, seconds);
      },
      deadLetter: async (reason) => this.#deadLetters?.send(message, reason) ?? NO_DEAD_LETTER_QUEUE,
    };
  }

  /** The server extends by ack_wait only: a longer time takes several extensions. */
  #keepExtending(raw: Msg, seconds: number): NodeJS.Timeout {
    const end = Date.now() + (seconds - this.visibilitySeconds) * 1_000;
    const timer = setInterval(
      () => {
        if (Date.now() >= end) this.#stop(timer);
        // If this one isn't confirmed, the next one may be.
        this.#settle(raw, '+WPI').catch(() => {});
      },
      (this.visibilitySeconds * 1_000) / BEATS,
    );
    this.#extensions.add(timer);
    return timer;
  }

  #stop(extension: NodeJS.Timeout | undefined): void {
    if (!extension) return;
    clearInterval(extension);
    this.#extensions.delete(extension);
  }

  /** Sends a settlement until the server confirms it, on the next connection if one is lost. */
  async #settle(raw: Msg, payload: string): Promise<void> {
    await this.#settling.add(this.#confirm(raw.reply ?? '', payload));
  }

  async #confirm(subject: string, payload: string): Promise<void> {
    const signal = AbortSignal.timeout(SETTLE_TIMEOUT_MILLISECONDS);
    const deadline = Date.now() + SETTLE_TIMEOUT_MILLISECONDS;
    for (;;) {
      const { connection, closed } = await this.#connection.connected(signal);
      try {
        const timeout = Math.max(1, Math.min(REPLY_TIMEOUT_MILLISECONDS, deadline - Date.now()));
        await unlessClosed(connection.request(subject, payload, { timeout }), closed);
        return;
      } catch (error) {
        // A server that has just started may lose a settlement, or have no one to take it yet.
        if (!closed.aborted) await sleep(RETRY_MILLISECONDS);
        if (Date.now() >= deadline) {
          throw new Error(`NATS didn't confirm ${payload}: ${messageOf(error)}`, { cause: error });
        }
      }
    }
  }

  /** Returns messages that weren't taken, and waits for settlements that have begun. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const extension of this.#extensions) this.#stop(extension);
    await this.#settling.ended();
    await this.#connection[Symbol.asyncDispose]();
  }
}

/** The answer that makes the server deliver a message again after a delay. */
function delayed(seconds: number): string {
  return seconds > 0 ? `-NAK ${JSON.stringify({ delay: seconds * NANOSECONDS })}` : '-NAK';
}

function decodeMessage(raw: Msg): QueueMessage {
  const { stream, sequence, deliveryCount, storedAtNanoseconds } = readDeliveryInfo(raw.reply ?? '');
  return {
    ...decodeContent(raw),
    id: idOf(raw, `${stream}:${sequence}:${storedAtNanoseconds}`),
    deliveryCount,
    sentAt: Number(storedAtNanoseconds / 1_000_000n),
  };
}

/**
 * The id that its sender gave it, by which the server drops duplicates; else its place in the stream. With its time: a
 * stream that is created again counts from 1 again.
 */
function idOf({ headers }: Msg, place: string): string {
  const id = headers?.get('Nats-Msg-Id');
  return isRequestId(id) ? id : place;
}
