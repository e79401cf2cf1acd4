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

/** Sends the pieces of one result, one after the other. */
export class PieceSender {
  readonly #attempt: ProducingAttempt;
  readonly #context: PieceContext;
  #sent = 0;

  constructor(attempt: ProducingAttempt, context: PieceContext) {
    this.#attempt = attempt;
    this.#context = context;
  }

  /** How many the output queue has. */
  get sent(): number {
    return this.#sent;
  }

  fits(piece: OutputMessage): boolean {
    const { output } = this.#context.ports;
    return output.sizeOf(piece) <= output.maxMessageBytes;
  }

  /** @throws ResultTooLarge; StoreUnavailable if the output queue doesn't take it; the reason of an attempt that must stop */
  async send(piece: OutputMessage): Promise<void> {
    const { request, handled } = this.#attempt;
    handled.signal.throwIfAborted();
    if (!this.fits(piece)) throw new ResultTooLarge(undefined, this.#context.ports.output.maxMessageBytes);
    const id = identityDigest(`piece ${handled.attempt} ${this.#sent + 1}`, request);
    const { publisher, message } = this.#context;
    const publication = await publisher.publishPiece(inOrderOf(message, id, piece));
    if (!publication.published) throw new StoreUnavailable('The output queue', publication.reason);
    this.#sent++;
  }
}
