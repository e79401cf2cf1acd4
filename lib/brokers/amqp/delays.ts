import type { Channel, ChannelModel } from 'amqplib';
import { ConfigurationError } from '../../core/base/errors.ts';
import type { SendResult } from '../../core/ports/message-sink.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { type Publication, Publisher, type PublisherSession } from './publisher.ts';
import { isRefusal } from './queue.ts';
import { untilKept } from './until-kept.ts';
import type { AmqpAddress } from './url.ts';

/** Each level waits twice as long as the one below it, which begins with a second. */
const LEVELS = 16;

/** The longest delay: all levels. */
export const MAX_DELAY_SECONDS = 2 ** LEVELS - 1;

/**
 * Delays messages of a queue by whole seconds. AMQP can't delay, but a queue can dead-letter what has waited for its time
 * to live. So there is a queue for each power of two, `QUEUE.delay.0` to `QUEUE.delay.15`, each behind an exchange of the
 * same name. The routing key has a word for each bit of the delay, from the lowest one: `1.0.1` is 5 seconds. An exchange
 * routes a message with its bit set into its queue, and any other one to the exchange below. A queue dead-letters to the
 * exchange below it, at least once, and the lowest one to the delayed queue. All messages of a queue wait equally long, so
 * none is stuck behind another.
 *
 * Levels are declared when a delay needs them, and stay.
 */
export class Delays implements AsyncDisposable {
  readonly #queue: string;
  readonly #publisher: Publisher;
  #levels = new WeakMap<PublisherSession, Promise<number>>();

  private constructor(queue: string, publisher: Publisher) {
    this.#queue = queue;
    this.#publisher = publisher;
  }

  /** Connects, apart from the connection that receives: the server may stop reading from those that publish. */
  static async open(address: AmqpAddress, queue: string, logger: Logger): Promise<Delays> {
    return new Delays(queue, await Publisher.open(address, async () => {}, logger));
  }

  /**
   * Publishes a message that arrives in the queue after a delay.
   * @param seconds whole seconds, from 1 to {@link MAX_DELAY_SECONDS}
   */
  async send(message: Omit<Publication, 'target'>, seconds: number): Promise<SendResult> {
    const level = 31 - Math.clz32(seconds);
    const bits = Array.from({ length: LEVELS }, (_, bit) => (seconds >>> bit) & 1);
    const target = { exchange: levelName(this.#queue, level), routingKey: bits.join('.') };
    const prepare = (session: PublisherSession) => this.#declareUpTo(session, level);
    const [result] = await this.#publisher.publish([{ ...message, target }], prepare);
    if (result?.sent) return result;
    // A queue may have been deleted, or a policy changed: the next delay declares them again.
    this.#levels = new WeakMap();
    return result ?? { sent: false, refused: false, reason: 'there was no result' };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#publisher[Symbol.asyncDispose]();
  }

  /** Once a level and connection. */
  async #declareUpTo(session: PublisherSession, level: number): Promise<void> {
    const declared = (this.#levels.get(session) ?? Promise.resolve(-1)).then(async (top) => {
      const levels = Array.from({ length: Math.max(0, level - top) }, (_, index) => top + 1 + index);
      const names = levels.map((next) => levelName(this.#queue, next));
      await untilKept(session.model, names, async () => {
        for (const next of levels) await declareLevel(session.model, this.#queue, next);
      });
      return Math.max(top, level);
    });
    this.#levels.set(session, declared);
    declared.catch(() => this.#levels.delete(session));
    await declared;
  }
}

/**
 * Declares the queue and the exchange of a level, and what routes to them.
 * @throws ConfigurationError if the server refuses that
 */
export async function declareLevel(model: ChannelModel, queue: string, level: number): Promise<void> {
  const channel = await model.createChannel();
  // The call that fails says why.
  channel.on('error', () => {});
  try {
    await declareOn(channel, queue, level);
    await channel.close();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const remedy = `Let the user configure, write and read the exchanges and queues named ${queue} and ${queue}.delay.*`;
    throw new ConfigurationError(
      `The delays of the queue ${queue} can't be declared: ${error.message}. ${remedy}, and delete those that were declared otherwise`,
    );
  }
}

async function declareOn(channel: Channel, queue: string, level: number): Promise<void> {
  const name = levelName(queue, level);
  const below = level === 0 ? undefined : levelName(queue, level - 1);
  await channel.assertExchange(name, 'topic', { durable: true });
  await channel.assertQueue(name, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-message-ttl': 2 ** level * 1_000,
      'x-dead-letter-exchange': below ?? '',
      ...(below === undefined && { 'x-dead-letter-routing-key': queue }),
      // Without both, messages may get lost on their way to the next queue.
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    },
  });
  const bit = (value: 0 | 1) => `${'*.'.repeat(level)}${value}.#`;
  await channel.bindQueue(name, name, bit(1));
  if (below === undefined) await channel.bindQueue(queue, name, bit(0));
  else await channel.bindExchange(below, name, bit(0));
}

/** The name of a level's queue and exchange. */
export function levelName(queue: string, level: number): string {
  return `${queue}.delay.${level}`;
}
