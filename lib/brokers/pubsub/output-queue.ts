import { messageOf } from '../../core/base/serialize-error.ts';
import type { ConnectedOutputQueue } from '../../core/ports/broker.ts';
import type { OutputMessage, SendResult } from '../../core/ports/message-sink.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { MessageEncoder } from '../message-encoder.ts';
import { ReconnectingSession } from '../reconnecting-session.ts';
import { describeConnection, isRefusal } from './client.ts';
import { type EncodedMessage, encodeMessage, MAX_REQUEST_BYTES, sizeOfEncoded } from './message.ts';
import { PublishSession } from './publish-session.ts';
import { type PubSubResource, pathOf } from './url.ts';

/** How long a send may take, a reconnection included. The client's own limit is ten minutes. */
const SEND_TIMEOUT_MILLISECONDS = 10_000;

/** Room for the topic's name in a request. */
const REQUEST_OVERHEAD_BYTES = 1_000;

/** A message of a send, and where its result goes. */
interface Outgoing {
  readonly index: number;
  readonly encoded: EncodedMessage;
}

/** A topic as a message sink. */
export class PubSubOutputQueue implements ConnectedOutputQueue {
  /** @see https://cloud.google.com/pubsub/quotas#resource_limits */
  readonly maxMessages = 1_000;
  readonly maxBytes = MAX_REQUEST_BYTES - REQUEST_OVERHEAD_BYTES;
  readonly maxMessageBytes = MAX_REQUEST_BYTES - REQUEST_OVERHEAD_BYTES;
  /** Calls are charged by their bytes, at least 1 kB: waiting for others saves little. */
  readonly lingerMilliseconds = 1;
  readonly #connection: ReconnectingSession<PublishSession>;
  readonly #encoder = new MessageEncoder(encodeMessage);

  private constructor(connection: ReconnectingSession<PublishSession>) {
    this.#connection = connection;
  }

  /** @throws ConfigurationError if the topic is unsuitable; another error if the service can't be reached */
  static async open(resource: PubSubResource, logger: Logger): Promise<PubSubOutputQueue> {
    const connection = await ReconnectingSession.open({
      server: describeConnection(resource),
      logger,
      open: (end) => PublishSession.open(resource, end),
    });
    const { schema } = connection.current;
    if (schema !== undefined) {
      logger.warn('The topic has a schema: messages that it does not allow are refused', {
        topic: pathOf(resource),
        schema,
      });
    }
    return new PubSubOutputQueue(connection);
  }

  sizeOf(message: OutputMessage): number {
    const encoded = this.#encoder.encode(message);
    // What can't be sent has any size: sending it says why.
    return encoded instanceof RangeError ? 0 : sizeOfEncoded(encoded);
  }

  async send(messages: readonly OutputMessage[]): Promise<readonly SendResult[]> {
    if (messages.length > this.maxMessages) {
      throw new RangeError(`a send takes up to ${this.maxMessages} messages, got ${messages.length}`);
    }
    const deadline = Date.now() + SEND_TIMEOUT_MILLISECONDS;
    const results: SendResult[] = messages.map(() => ({ sent: true }));
    const outgoing = messages.flatMap((message, index): Outgoing[] => {
      const encoded = this.#checked(message);
      if (!(encoded instanceof RangeError)) return [{ index, encoded }];
      results[index] = { sent: false, refused: true, reason: encoded.message };
      return [];
    });
    const session = await this.#connection.connected(AbortSignal.timeout(SEND_TIMEOUT_MILLISECONDS));
    // A request takes messages of one ordering key only.
    const calls = Map.groupBy(outgoing, ({ encoded }) => encoded.orderingKey).values();
    await Promise.all([...calls].map((call) => publish(session, call, results, deadline)));
    return results;
  }

  #checked(message: OutputMessage): EncodedMessage | RangeError {
    const encoded = this.#encoder.encode(message);
    if (encoded instanceof RangeError) return encoded;
    const size = sizeOfEncoded(encoded);
    if (size <= this.maxMessageBytes) return encoded;
    return new RangeError(`the message is ${size} bytes; Pub/Sub's limit is ${this.maxMessageBytes}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection[Symbol.asyncDispose]();
  }
}

/** Publishes messages in one call. If the service refuses it, in calls of their own: one refused message is enough. */
async function publish(
  session: PublishSession,
  outgoing: readonly Outgoing[],
  results: SendResult[],
  deadline: number,
): Promise<void> {
  try {
    const messages = outgoing.map(({ encoded }) => encoded);
    await session.publish(messages, Math.max(1, deadline - Date.now()));
  } catch (error) {
    const refused = isRefusal(error);
    if (refused && outgoing.length > 1) {
      for (const one of outgoing) await publish(session, [one], results, deadline);
      return;
    }
    for (const { index } of outgoing) results[index] = { sent: false, refused, reason: messageOf(error) };
  }
}
