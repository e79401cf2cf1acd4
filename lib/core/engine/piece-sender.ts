import { StoreUnavailable } from '../base/errors.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import { identityDigest } from '../model/request-id.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import type { ProcessorRequest } from '../processor/handler.ts';
import type { AttemptContext } from './attempt-context.ts';
import { ResultTooLarge } from './errors.ts';
import { inOrderOf } from './ordering.ts';

/** What publishing the pieces of a result needs. */
export type PieceContext = Pick<AttemptContext, 'settings' | 'ports' | 'publisher' | 'message'>;

/** The attempt that produces a result. */
export interface ProducingAttempt {
  readonly request: DecodedRequest;
  /** The request as the handler has it. */
  readonly handled: Pick<ProcessorRequest, 'attempt' | 'signal'>;
}

/** A text or bytes. */
interface Divisible<Data> {
  readonly length: number;
  slice(start: number, end?: number): Data;
}

/** Sends the pieces of one result, one after the other. */
export class PieceSender {
  readonly #attempt: ProducingAttempt;
  readonly #context: PieceContext;
  #sent = 0;

  constructor(attempt: ProducingAttempt, context: PieceContext) {
    this.#attempt = attempt;
    this.#context = context;
  }

  /** How many pieces the output queue has accepted. */
  get sent(): number {
    return this.#sent;
  }

  /**
   * Sends data as one piece, or in halves if that is larger than a message. Sends nothing for empty data.
   * @param encode makes a piece of data that follows what was sent before
   * @throws as {@link send}
   */
  async sendSplit<Data extends Divisible<Data>>(
    data: Data,
    encode: (data: Data) => OutputMessage,
  ): Promise<void> {
    if (data.length === 0) return;
    const piece = encode(data);
    if (data.length === 1 || this.#fits(piece)) return this.send(piece);
    const middle = typeof data === 'string' ? middleOf(data) : Math.ceil(data.length / 2);
    await this.sendSplit(data.slice(0, middle), encode);
    await this.sendSplit(data.slice(middle), encode);
  }

  /**
   * Sends a piece.
   * @throws ResultTooLarge; StoreUnavailable if the output queue doesn't accept it; the reason of an attempt that must stop
   */
  async send(piece: OutputMessage): Promise<void> {
    const { request, handled } = this.#attempt;
    handled.signal.throwIfAborted();
    if (!this.#fits(piece)) throw new ResultTooLarge(undefined, this.#context.ports.output.maxMessageBytes);
    const id = identityDigest(`piece ${handled.attempt} ${this.#sent + 1}`, request);
    const { publisher, message } = this.#context;
    const publication = await publisher.publishPiece(inOrderOf(message, id, piece));
    if (!publication.published) throw new StoreUnavailable('The output queue', publication.reason);
    this.#sent++;
  }

  #fits(piece: OutputMessage): boolean {
    const { output } = this.#context.ports;
    return output.sizeOf(piece) <= output.maxMessageBytes;
  }
}

/** The middle of a text, between two characters. */
function middleOf(text: string): number {
  const middle = Math.ceil(text.length / 2);
  const isLowSurrogate = (text.charCodeAt(middle) & 0xfc00) === 0xdc00;
  return isLowSurrogate ? middle + 1 : middle;
}
