import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ConsumeMessage } from 'amqplib';
import { messageOf } from '../../core/base/serialize-error.ts';
import { unlessAborted } from '../../core/base/unless-aborted.ts';
import type { QueueMessage, ReceivedMessage, SourceCapabilities } from '../../core/model/received-message.ts';
import type { InputOptions } from '../../core/ports/broker.ts';
import type { InputQueue } from '../../core/ports/message-source.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { DeadLetterSender, NO_DEAD_LETTER_QUEUE } from '../../core/wire/dead-letter-sender.ts';
import { messageGroupOf } from '../../core/wire/message-group.ts';
import { ReconnectingSession, type Session } from '../reconnecting-session.ts';
import { RunningSettlements } from '../running-settlements.ts';
import { AmqpConnection, nameServer } from './connection.ts';
import { Delays, declareLevel, levelName, MAX_DELAY_SECONDS } from './delays.ts';
import { copyMessage, decodeMessage } from './message.ts';
import { MAX_MESSAGE_BYTES } from './publisher.ts';
import { checkInputQueue, declareQueue, logQueueLosses, type QueueArguments } from './queue.ts';
import { untilKept } from './until-kept.ts';
import type { InputUrl } from './url.ts';

/** The largest prefetch that AMQP can express. */
const MAX_PREFETCH = 65_535;

/** How long a message is held here before its delay is tried again. */
const HOLD_MILLISECONDS = 30_000;

/** A delivery and the channel it came on, which is the only one that settles it. */
interface Delivery {
  readonly raw: ConsumeMessage;
  readonly message: QueueMessage;
  readonly session: ConsumerSession;
}

/**
 * A quorum queue of RabbitMQ. The server delivers up to as many messages as the worker may hold. With order, it delivers to one
 * worker at a time, and returns what that one holds in its old place when it is gone.
 */
export class AmqpInputQueue implements InputQueue {
  readonly capabilities: SourceCapabilities;
  readonly visibilitySeconds = Number.POSITIVE_INFINITY;
  readonly #consumer: ReconnectingSession<ConsumerSession>;
  /** Undefined with order: a copy of a message would lose its place. */
  readonly #delays: Delays | undefined;
  readonly #deadLetters: DeadLetterSender | undefined;
  readonly #logger: Logger;
  /** Settlements that a close waits for. */
  readonly #settling = new RunningSettlements();
  readonly #closing = new AbortController();

  private constructor(
    consumer: ReconnectingSession<ConsumerSession>,
    delays: Delays | undefined,
    { deadLetters, ordered = false, logger }: InputOptions,
  ) {
    this.capabilities = {
      maxDelaySeconds: MAX_DELAY_SECONDS,
      ordered,
      countsDeliveries: true,
      maxBytes: MAX_MESSAGE_BYTES,
    };
    this.#consumer = consumer;
    this.#delays = delays;
    this.#deadLetters = deadLetters && new DeadLetterSender(deadLetters, Math.random);
    this.#logger = logger;
  }

  /** @throws ConfigurationError if the queue is unsuitable; another error if the server can't be reached */
  static async open(
    { address, queue, hasPolicyLimit }: InputUrl,
    options: InputOptions,
  ): Promise<AmqpInputQueue> {
    const { maxInFlight, maxAttempts, ordered } = options;
    const prefetch = Math.min(maxInFlight, MAX_PREFETCH);
    let declared: QueueArguments = {};
    const prepareConsumer = async (connection: AmqpConnection) => {
      const { model } = connection;
      const { version } = model.connection.serverProperties;
      const names = ordered ? [queue] : [queue, levelName(queue, 0)];
      await untilKept(model, names, async () => {
        declared = await declareQueue(model, queue, { ordered });
        checkInputQueue(queue, declared, version, { maxAttempts, hasPolicyLimit, ordered });
        // Shows at start whether the user may declare the queues of delays, and binds a queue again that was deleted.
        if (!ordered) await declareLevel(model, queue, 0);
      });
      return ConsumerSession.open(connection, queue, prefetch);
    };
    const { logger } = options;
    const delays = ordered ? undefined : await Delays.open(address, queue, logger);
    try {
      const consumer = await ReconnectingSession.open({
        server: nameServer(address),
        logger,
        open: (end) => AmqpConnection.open(address, end, prepareConsumer),
      });
      logQueueLosses(queue, declared, logger);
      return new AmqpInputQueue(consumer, delays, options);
    } catch (error) {
      await delays?.[Symbol.asyncDispose]();
      throw error;
    }
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]> {
    while (!signal.aborted) {
      const session = this.#consumer.current;
      const raws = session.take(max);
      if (raws.length > 0) return raws.map((raw) => this.#receivedMessage(raw, session));
      await unlessAborted(session.arrival(), signal, () => undefined);
    }
    return [];
  }

  #receivedMessage(raw: ConsumeMessage, session: ConsumerSession): ReceivedMessage {
    const { ordered } = this.capabilities;
    const decoded = decodeMessage(raw);
    const message = ordered ? { ...decoded, group: messageGroupOf(decoded) } : decoded;
    const delivery = { raw, message, session };
    // The server closes the channel, with all its messages, if one is settled twice.
    let settled: Promise<void> | undefined;
    const settle = (act: () => void | Promise<void>) => {
      settled ??= this.#settling.add((async () => act())());
      return settled;
    };
    return {
      ...message,
      source: this.capabilities,
      ack: () => settle(() => session.ack(raw)),
      retryAfter: (seconds) => settle(() => this.#retryAfter(delivery, seconds)),
      // A message stays with its connection.
      extend: async () => {},
      deadLetter: async (reason) => this.#deadLetters?.send(message, reason) ?? NO_DEAD_LETTER_QUEUE,
    };
  }

  /** With order, the server returns it when the connection ends: alone, it would lose its place. */
  async #retryAfter(delivery: Delivery, seconds: number): Promise<void> {
    const delays = this.#delays;
    if (!delays) return;
    if (seconds < 1) return delivery.session.requeue(delivery.raw);
    const delaySeconds = Math.min(Math.ceil(seconds), MAX_DELAY_SECONDS);
    const problem = await delay(delays, delivery, delaySeconds);
    if (problem === undefined) return;
    const fields = { messageId: delivery.message.id, delaySeconds, reason: problem };
    this.#logger.debug(
      'RabbitMQ didn’t confirm the delay of a message, which the worker holds for now',
      fields,
    );
    // It fails only if the connection is lost, and then the server delivers the message again.
    this.#hold(delays, delivery, Date.now() + delaySeconds * 1_000).catch(() => {});
  }

  /**
   * Delays a message here while the server doesn't: it stays with this connection. At once, it would fail again and again
   * without a wait. A delayed copy may exist; it is the same request.
   */
  async #hold(delays: Delays, delivery: Delivery, due: number): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      const left = due - Date.now();
      await sleep(Math.min(left, HOLD_MILLISECONDS), undefined, { signal }).catch(() => {});
      if (signal.aborted || delivery.session.isLost) return;
      if (left <= HOLD_MILLISECONDS) return delivery.session.requeue(delivery.raw);
      const delaySeconds = Math.ceil((due - Date.now()) / 1_000);
      if ((await delay(delays, delivery, delaySeconds)) === undefined) return;
    }
  }

  /** Waits for settlements that have begun. The server delivers again what isn't settled. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#settling.ended();
    await this.#consumer[Symbol.asyncDispose]();
    await this.#delays?.[Symbol.asyncDispose]();
  }
}

/** Replaces the message by a delayed copy. @returns why the copy isn't confirmed */
async function delay(
  delays: Delays,
  { raw, message, session }: Delivery,
  seconds: number,
): Promise<string | undefined> {
  try {
    const copy = { ...copyMessage(raw, message), id: message.id };
    const result = await delays.send(copy, seconds);
    if (!result.sent) return result.reason;
  } catch (error) {
    return messageOf(error);
  }
  session.ack(raw);
  return undefined;
}

/** A consumer and what it was delivered. Acknowledgements of one turn of the event loop share calls. */
class ConsumerSession implements Session {
  readonly #connection: AmqpConnection;
  readonly #channel: Channel;
  readonly #buffer: ConsumeMessage[] = [];
  /** In the order of delivery. */
  readonly #unsettled = new Set<ConsumeMessage>();
  readonly #acknowledged = new Set<ConsumeMessage>();
  #arrival: PromiseWithResolvers<void> | undefined;
  #endedBecause: Error | undefined;

  private constructor(connection: AmqpConnection, channel: Channel) {
    this.#connection = connection;
    this.#channel = channel;
  }

  static async open(connection: AmqpConnection, queue: string, prefetch: number): Promise<ConsumerSession> {
    const { model, end } = connection;
    const channel = await model.createChannel();
    channel.on('error', end);
    channel.on('close', () => end(new Error('the channel was closed')));
    const session = new ConsumerSession(connection, channel);
    await channel.prefetch(prefetch);
    await channel.consume(queue, (raw) => {
      if (raw) session.#add(raw);
      else end(new Error(CANCELLED));
    });
    return session;
  }

  #add(raw: ConsumeMessage): void {
    this.#unsettled.add(raw);
    this.#buffer.push(raw);
    this.#arrival?.resolve();
    this.#arrival = undefined;
  }

  get isLost(): boolean {
    return this.#endedBecause !== undefined;
  }

  take(max: number): ConsumeMessage[] {
    return this.#buffer.splice(0, max);
  }

  /** Waits for the next message. @throws an error if the connection is lost */
  arrival(): Promise<void> {
    this.#arrival ??= Promise.withResolvers();
    return this.#arrival.promise;
  }

  ack(raw: ConsumeMessage): void {
    this.#assertOpen();
    if (this.#acknowledged.size === 0) setImmediate(() => this.#flush());
    this.#acknowledged.add(raw);
  }

  /** Not by nack: RabbitMQ 4.3 doesn't count that as a delivery. */
  requeue(raw: ConsumeMessage): void {
    this.#assertOpen();
    this.#unsettled.delete(raw);
    this.#channel.reject(raw, true);
  }

  /** One call for all of the oldest messages, as far as they are acknowledged, and one for each other message. */
  #flush(): void {
    if (this.isLost) return;
    try {
      let last: ConsumeMessage | undefined;
      for (const raw of this.#unsettled) {
        if (!this.#acknowledged.delete(raw)) break;
        this.#unsettled.delete(raw);
        last = raw;
      }
      if (last) this.#channel.ack(last, true);
      for (const raw of this.#acknowledged) {
        this.#unsettled.delete(raw);
        this.#channel.ack(raw);
      }
      this.#acknowledged.clear();
    } catch (error) {
      this.#connection.end(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }

  #assertOpen(): void {
    if (!this.#endedBecause) return;
    const reason = messageOf(this.#endedBecause);
    throw new Error(`RabbitMQ delivers the message again, because its connection was lost: ${reason}`);
  }

  async close(): Promise<void> {
    this.#flush();
    this.#endedBecause ??= new Error('the queue was closed');
    await this.#connection.close(this.#channel);
  }

  lost(reason: Error): void {
    this.#connection.abandon();
    this.#endedBecause ??= reason;
    this.#buffer.length = 0;
    this.#arrival?.reject(reason);
    this.#arrival = undefined;
  }
}

const CANCELLED =
  'RabbitMQ cancelled the consumer: the queue was deleted, or a message was held longer than the consumer timeout';
