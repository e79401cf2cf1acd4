import { messageOf } from '../../core/base/serialize-error.ts';
import { unlessAborted } from '../../core/base/unless-aborted.ts';
import type { ConnectedOutputQueue } from '../../core/ports/broker.ts';
import type { OutputMessage, SendResult } from '../../core/ports/message-sink.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { MessageEncoder } from '../message-encoder.ts';
import { ReconnectingSession, type Session } from '../reconnecting-session.ts';
import { isReply, RedisConnection } from './connection.ts';
import { encodeFields, sizeOfFields } from './entry.ts';
import { checkServer, type Durability, logLosses } from './server.ts';
import { describeAddress, type RedisOutputUrl } from './url.ts';

/** How long a send may take, a reconnection included. */
const SEND_TIMEOUT_MILLISECONDS = 10_000;

/** Redis takes 512 MB, but holds all of it in memory, several times while it copies it. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** The memory is full. */
const OUT_OF_MEMORY = /^OOM\b/;

/** A stream of Redis or Valkey as a message sink. */
export class RedisOutputQueue implements ConnectedOutputQueue {
  readonly maxMessages = 256;
  readonly maxBytes = MAX_MESSAGE_BYTES;
  readonly maxMessageBytes = MAX_MESSAGE_BYTES;
  /** Messages of one turn share the writes to the socket. */
  readonly lingerMilliseconds = 0;
  readonly #stream: string;
  readonly #connection: ReconnectingSession<PublishSession>;
  readonly #logger: Logger;
  readonly #encoder = new MessageEncoder(encodeFields);
  #isFull = false;

  private constructor(stream: string, connection: ReconnectingSession<PublishSession>, logger: Logger) {
    this.#stream = stream;
    this.#connection = connection;
    this.#logger = logger;
  }

  /** @throws ConfigurationError if server or stream are unsuitable; another error if the server can't be reached */
  static async open({ address, stream }: RedisOutputUrl, logger: Logger): Promise<RedisOutputQueue> {
    const connection = await ReconnectingSession.open({
      server: describeAddress(address),
      logger,
      open: async (end) => {
        const redis = await RedisConnection.open(address, end);
        try {
          return new PublishSession(redis, await checkServer(redis, stream));
        } catch (error) {
          redis.destroy(error);
          throw error;
        }
      },
    });
    logLosses(stream, connection.current.durability, logger);
    return new RedisOutputQueue(stream, connection, logger);
  }

  sizeOf(message: OutputMessage): number {
    const fields = this.#encoder.encode(message);
    // What can't be sent has any size: sending it says why.
    return fields instanceof RangeError ? 0 : sizeOfFields(fields);
  }

  async send(messages: readonly OutputMessage[]): Promise<readonly SendResult[]> {
    if (messages.length > this.maxMessages) {
      throw new RangeError(`a send takes up to ${this.maxMessages} messages, got ${messages.length}`);
    }
    const signal = AbortSignal.timeout(SEND_TIMEOUT_MILLISECONDS);
    const { redis } = await this.#connection.connected(signal);
    return Promise.all(messages.map((message) => this.#send(redis, message, signal)));
  }

  async #send(redis: RedisConnection, message: OutputMessage, signal: AbortSignal): Promise<SendResult> {
    const fields = this.#encoder.encode(message);
    if (fields instanceof RangeError) return { sent: false, refused: true, reason: fields.message };
    const size = sizeOfFields(fields);
    if (size > this.maxMessageBytes) {
      const reason = `the message is ${size} bytes; the limit is ${this.maxMessageBytes}`;
      return { sent: false, refused: true, reason };
    }
    try {
      await unlessAborted(redis.call('XADD', this.#stream, '*', ...fields), signal, () => {
        throw new Error(`Redis didn't reply within ${SEND_TIMEOUT_MILLISECONDS / 1_000} s`);
      });
      this.#report(false);
      return { sent: true };
    } catch (error) {
      if (isReply(error, OUT_OF_MEMORY)) this.#report(true);
      return { sent: false, refused: false, reason: messageOf(error) };
    }
  }

  #report(isFull: boolean): void {
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    const stream = this.#stream;
    if (isFull) this.#logger.warn('Redis accepts no messages at present: its memory is full', { stream });
    else this.#logger.info('Redis accepts messages again', { stream });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection[Symbol.asyncDispose]();
  }
}

/** A connection that adds entries. */
class PublishSession implements Session {
  readonly redis: RedisConnection;
  readonly durability: Durability;

  constructor(redis: RedisConnection, durability: Durability) {
    this.redis = redis;
    this.durability = durability;
  }

  close(): Promise<void> {
    return this.redis.close();
  }

  lost(reason: Error): void {
    this.redis.destroy(reason);
  }
}
