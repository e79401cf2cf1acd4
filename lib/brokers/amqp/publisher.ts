import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { messageOf } from '../../core/base/serialize-error.ts';
import { unlessAborted } from '../../core/base/unless-aborted.ts';
import { whenAborted } from '../../core/base/when-aborted.ts';
import type { SendResult } from '../../core/ports/message-sink.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { ReconnectingSession, type Session } from '../reconnecting-session.ts';
import { AmqpConnection, nameServer } from './connection.ts';
import type { AmqpMessage } from './message.ts';
import type { AmqpAddress, PublishTarget } from './url.ts';

/** How long a message may take until the server confirms it, the wait for a connection included. */
const CONFIRM_TIMEOUT_MILLISECONDS = 10_000;

/**
 * Most bytes of a message: the default of RabbitMQ 4.0 and later. Before, it was 128 MiB.
 * @see https://www.rabbitmq.com/docs/configure#config-items (max_message_size)
 */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** What the server says if its limit is lower. */
const TOO_LARGE = /message size \d+ is larger than configured max size (?<limit>\d+)/;

/** A message with its id and its target. */
export interface Publication extends AmqpMessage {
  readonly target: PublishTarget;
  /** Names the message to its consumers, and to us if the server returns it. */
  readonly id: string;
}

/**
 * Publishes messages with confirms, each with the `mandatory` flag. It has a connection of its own: the server stops
 * reading from connections that publish when its memory or disk is full, and acknowledgements must still go through.
 */
export class Publisher implements AsyncDisposable {
  readonly #connection: ReconnectingSession<PublisherSession>;

  private constructor(connection: ReconnectingSession<PublisherSession>) {
    this.#connection = connection;
  }

  /** @param prepare declares what is published to, on each new connection */
  static async open(
    address: AmqpAddress,
    prepare: (model: ChannelModel) => Promise<void>,
    logger: Logger,
  ): Promise<Publisher> {
    const connection = await ReconnectingSession.open({
      server: `${nameServer(address)} (publishing)`,
      logger,
      open: (end) =>
        AmqpConnection.open(address, end, async (opened) => {
          await prepare(opened.model);
          return new PublisherSession(opened, await opened.model.createConfirmChannel(), logger);
        }),
    });
    return new Publisher(connection);
  }

  /** Most bytes of a message, as far as it is known. */
  maxMessageBytes = MAX_MESSAGE_BYTES;

  /**
   * Publishes messages. Results are in their order: whatever isn't confirmed in time is a failure, though the server may
   * have it.
   * @param prepare declares what is published to, on the connection that is used
   * @throws an error if the server can't be reached in time
   */
  async publish(
    publications: readonly Publication[],
    prepare: (session: PublisherSession) => Promise<void> = async () => {},
  ): Promise<readonly SendResult[]> {
    const signal = AbortSignal.timeout(CONFIRM_TIMEOUT_MILLISECONDS);
    const session = await this.#connection.connected(signal);
    await unlessAborted(prepare(session), signal, () => {
      throw new Error(session.unconfirmed);
    });
    const results = await Promise.all(
      publications.map((publication) => session.publish(publication, signal)),
    );
    this.#learnLimit(session);
    return results;
  }

  #learnLimit({ failure }: PublisherSession): void {
    const limit = failure && TOO_LARGE.exec(failure.message)?.groups?.limit;
    if (limit) this.maxMessageBytes = Math.min(this.maxMessageBytes, Number(limit));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection[Symbol.asyncDispose]();
  }
}

/** A confirm channel and what waits for its confirms. */
export class PublisherSession implements Session {
  /** Why the channel was closed. */
  failure: Error | undefined;
  readonly #connection: AmqpConnection;
  readonly #channel: ConfirmChannel;
  readonly #returned = new Map<string, string>();
  /** Present while the server accepts no messages. */
  #blocked: { readonly reason: string; readonly end: PromiseWithResolvers<void> } | undefined;

  constructor(connection: AmqpConnection, channel: ConfirmChannel, logger: Logger) {
    const { model, end } = connection;
    this.#connection = connection;
    this.#channel = channel;
    model.on('blocked', (reason) => {
      this.#blocked ??= { reason, end: Promise.withResolvers() };
      logger.warn('RabbitMQ accepts no messages at present', { reason });
    });
    model.on('unblocked', () => {
      this.#unblock();
      logger.info('RabbitMQ accepts messages again');
    });
    channel.on('error', (error) => {
      this.failure = error;
      end(error);
    });
    channel.on('close', () => end(new Error('the channel was closed')));
    // It comes before the confirm.
    channel.on('return', ({ fields, properties }) => {
      const reason: unknown = 'replyText' in fields ? fields.replyText : undefined;
      this.#returned.set(String(properties.messageId), String(reason));
    });
  }

  get model(): ChannelModel {
    return this.#connection.model;
  }

  async publish(
    { target: { exchange, routingKey }, content, options, id }: Publication,
    signal: AbortSignal,
  ): Promise<SendResult> {
    // What is written now would pile up in memory.
    if (this.#blocked) await unlessAborted(this.#blocked.end.promise, signal, () => {});
    if (signal.aborted) return failed(this.unconfirmed);
    const { promise, resolve } = Promise.withResolvers<SendResult>();
    const stop = whenAborted(signal, () => resolve(failed(this.unconfirmed)));
    try {
      const all = { ...options, messageId: id, mandatory: true, persistent: true };
      this.#channel.publish(exchange, routingKey, content, all, (error: unknown) =>
        resolve(this.#resultOf(id, error)),
      );
      return await promise;
    } catch (error) {
      // Headers that AMQP can't hold.
      if (error instanceof RangeError || error instanceof TypeError) {
        return { sent: false, refused: true, reason: `the message doesn't fit AMQP: ${error.message}` };
      }
      return failed(messageOf(this.failure ?? error));
    } finally {
      stop();
    }
  }

  #resultOf(id: string, error: unknown): SendResult {
    const returned = this.#returned.get(id);
    this.#returned.delete(id);
    if (returned !== undefined) return failed(`no queue takes it: ${returned}`);
    if (error === null || error === undefined) return { sent: true };
    if (this.failure) return failed(this.failure.message);
    return failed(
      error instanceof Error && error.message === 'message nacked'
        ? 'RabbitMQ rejected it: the queue is full, or has no leader'
        : `the connection was lost before RabbitMQ confirmed it: ${messageOf(error)}`,
    );
  }

  /** Why a message has failed that isn't confirmed in time. */
  get unconfirmed(): string {
    const why = this.#blocked ? `, which accepts no messages at present: ${this.#blocked.reason}` : '';
    return `no confirm within ${CONFIRM_TIMEOUT_MILLISECONDS / 1_000} s from RabbitMQ${why}`;
  }

  async close(): Promise<void> {
    await this.#connection.close(this.#channel);
  }

  lost(): void {
    this.#connection.abandon();
    this.#unblock();
  }

  #unblock(): void {
    this.#blocked?.end.resolve();
    this.#blocked = undefined;
  }
}

function failed(reason: string): SendResult {
  return { sent: false, refused: false, reason };
}
