import { isTextType } from '../base/media-type.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import type { ResultBody } from '../processor/result.ts';
import { encodeCloudEventChunk } from '../wire/encode-cloudevent-chunk.ts';
import type { PieceContext, ProducingAttempt } from './piece-sender.ts';
import { PieceSender } from './piece-sender.ts';

/**
 * Publishes the chunks of a result as CloudEvents while it is read: each before the next one is read. The outcome, which
 * has the whole result, marks the end. An attempt that is retried begins anew, under its own number.
 */
export class CloudEventChunks {
  readonly #attempt: ProducingAttempt;
  readonly #context: PieceContext;
  readonly #sender: PieceSender;

  constructor(attempt: ProducingAttempt, context: PieceContext) {
    this.#attempt = attempt;
    this.#context = context;
    this.#sender = new PieceSender(attempt, context);
  }

  async *of({ body, contentType }: ResultBody): AsyncGenerator<Uint8Array> {
    // Bytes that aren't UTF-8 are replaced in chunks; the result keeps them.
    const decoder = isTextType(contentType) ? new TextDecoder('utf-8', { ignoreBOM: true }) : undefined;
    for await (const bytes of body instanceof Uint8Array ? [body] : body) {
      await this.#publish(decoder ? decoder.decode(bytes, { stream: true }) : bytes, contentType);
      yield bytes;
    }
    if (decoder) await this.#publish(decoder.decode(), contentType);
  }

  #publish(data: string | Uint8Array, contentType: string): Promise<void> {
    return this.#sender.sendSplit(data, (part) => this.#event(part, contentType));
  }

  #event(data: string | Uint8Array, contentType: string): OutputMessage {
    const { request, handled } = this.#attempt;
    const { ports, settings } = this.#context;
    const place = { attempt: handled.attempt, sequence: this.#sender.sent + 1, time: ports.clock.now() };
    return encodeCloudEventChunk({ data, contentType, ...place }, request, settings.serviceName);
  }
}
