import type { OutputMessage } from '../core/ports/message-sink.ts';

/** Encodes each message once: its size is read before it is sent, and it may be sent again. */
export class MessageEncoder<Encoded extends object> {
  readonly #encode: (message: OutputMessage) => Encoded;
  readonly #results = new WeakMap<OutputMessage, Encoded | RangeError>();

  /** @param encode throws a RangeError for a message that the broker can't hold */
  constructor(encode: (message: OutputMessage) => Encoded) {
    this.#encode = encode;
  }

  /** @returns a RangeError, which says why, if the broker can't hold the message */
  encode(message: OutputMessage): Encoded | RangeError {
    const known = this.#results.get(message);
    if (known) return known;
    const result = this.#try(message);
    this.#results.set(message, result);
    return result;
  }

  #try(message: OutputMessage): Encoded | RangeError {
    try {
      return this.#encode(message);
    } catch (error) {
      if (error instanceof RangeError) return error;
      throw error;
    }
  }
}
