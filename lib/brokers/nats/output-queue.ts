import { randomUUID } from 'node:crypto';
import { unlessAborted } from '../../core/base/unless-aborted.ts';
import type { ConnectedOutputQueue } from '../../core/ports/broker.ts';
import type { OutputMessage, SendResult } from '../../core/ports/message-sink.ts';
import { MessageEncoder } from '../message-encoder.ts';
import type { ReconnectingSession } from '../reconnecting-session.ts';
import { type EncodedMessage, encodedSize, encodeMessage } from './message.ts';
import type { PublishSession } from './publish-session.ts';

/** How long a send may take, a reconnection included. */
export const SEND_TIMEOUT_MILLISECONDS = 10_000;

/** The server drops a message whose id it has from the last minutes: `duplicate_window` of the stream. */
const ID_HEADER = 'Nats-Msg-Id';

/** A subject of NATS as a message sink. */
export class NatsOutputQueue implements ConnectedOutputQueue {
  readonly maxMessages = 256;
  /** Messages of one turn share the writes to the socket. */
  readonly lingerMilliseconds = 0;
  readonly #connection: ReconnectingSession<PublishSession>;
  /** A message that is sent again has the same id, so that it isn't stored twice. */
  readonly #encoder = new MessageEncoder(encodeWithId);
  #maxMessageBytes: number;

  constructor(connection: ReconnectingSession<PublishSession>) {
    this.#connection = connection;
    this.#maxMessageBytes = connection.current.maxMessageBytes;
  }

  get maxBytes(): number {
    return this.#maxMessageBytes;
  }

  get maxMessageBytes(): number {
    return this.#maxMessageBytes;
  }

  sizeOf(message: OutputMessage): number {
    const encoded = this.#encoder.encode(message);
    // What can't be sent has any size: sending it says why.
    return encoded instanceof RangeError ? 0 : encodedSize(encoded);
  }

  async send(messages: readonly OutputMessage[]): Promise<readonly SendResult[]> {
    if (messages.length > this.maxMessages) {
      throw new RangeError(`a send takes up to ${this.maxMessages} messages, got ${messages.length}`);
    }
    const signal = AbortSignal.timeout(SEND_TIMEOUT_MILLISECONDS);
    return Promise.all(messages.map((message) => this.#send(message, signal)));
  }

  /** What a lost connection leaves unknown is sent again on the next one, with the same id. */
  async #send(message: OutputMessage, signal: AbortSignal): Promise<SendResult> {
    const encoded = this.#encoder.encode(message);
    if (encoded instanceof RangeError) return refused(encoded.message);
    for (;;) {
      const session = await this.#connection.connected(signal);
      this.#maxMessageBytes = session.maxMessageBytes;
      const size = encodedSize(encoded);
      if (size > session.maxMessageBytes) {
        return refused(`the message is ${size} bytes; NATS's limit is ${session.maxMessageBytes}`);
      }
      const result = await unlessAborted(session.publish(encoded), signal, () => UNCONFIRMED);
      if (result.sent || !session.closed.aborted || signal.aborted) return result;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection[Symbol.asyncDispose]();
  }
}

const UNCONFIRMED: SendResult = {
  sent: false,
  refused: false,
  reason: `NATS didn't confirm the message within ${SEND_TIMEOUT_MILLISECONDS / 1_000} s`,
};

function encodeWithId(message: OutputMessage): EncodedMessage {
  const encoded = encodeMessage(message);
  encoded.headers.set(ID_HEADER, randomUUID());
  return encoded;
}

function refused(reason: string): SendResult {
  return { sent: false, refused: true, reason };
}
