import { isGeneratorObject } from 'node:util/types';
import { ResultInvalid, StoreUnavailable } from '../base/errors.ts';
import { bytesOf, isStream } from '../base/web-bodies.ts';
import type { ResponseHead } from '../model/result-source.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { plainJson } from '../processor/plain-json.ts';
import { type ResultBody, resultBodyOf } from '../processor/result.ts';
import { encodeTrueFoundryPiece } from '../wire/encode-truefoundry.ts';
import { CloudEventChunks } from './cloudevent-chunks.ts';
import { AttemptSuspended, StreamBroken } from './errors.ts';
import { type PieceContext, PieceSender, type ProducingAttempt } from './piece-sender.ts';

/** One JSON value per line. @see https://jsonlines.org */
const JSON_LINES_TYPE = 'application/jsonl';

/**
 * Converts the return value of a handler to bytes, like {@link resultBodyOf}. In the output format `truefoundry`, the items
 * of a generator are published one by one, and a stream or a response piece by piece if the request asks for that. In
 * `cloudevents-stream`, every stream and response is published in pieces, besides the outcome. Each piece is published
 * before the next one is read, while the result is kept.
 */
export async function producedResult(
  result: unknown,
  attempt: ProducingAttempt,
  context: PieceContext,
): Promise<ResultBody> {
  const { outputFormat } = context.settings;
  const isTrueFoundry = outputFormat === 'truefoundry';
  const pieces = new ResultPieces(attempt, context);
  if (isTrueFoundry && isGeneratorObject(result)) {
    return { contentType: JSON_LINES_TYPE, body: pieces.ofItems(result), streamed: true };
  }
  const produced = await resultBodyOf(result, context.ports.clock.now());
  const { body, response } = produced;
  if (!response && !isStream(result)) return produced;
  if (outputFormat === 'cloudevents-stream') {
    return { ...produced, body: new CloudEventChunks(attempt, context).of(produced) };
  }
  if (!isTrueFoundry || !attempt.request.streamed) return produced;
  return { ...produced, body: pieces.ofTexts(body, response), streamed: true };
}

class ResultPieces {
  readonly #attempt: ProducingAttempt;
  readonly #context: PieceContext;
  readonly #sender: PieceSender;

  constructor(attempt: ProducingAttempt, context: PieceContext) {
    this.#attempt = attempt;
    this.#context = context;
    this.#sender = new PieceSender(attempt, context);
  }

  async *ofItems(items: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<Uint8Array> {
    try {
      for await (const item of items) yield await this.#publishItem(item);
    } catch (error) {
      throw this.#endOf(error);
    }
    // Consumers learn of a request only by its messages.
    if (this.#sender.sent === 0) yield await this.#publishItem(null);
  }

  async *ofTexts(
    body: Uint8Array | AsyncIterable<Uint8Array>,
    response: ResponseHead | undefined,
  ): AsyncGenerator<Uint8Array> {
    const decode = textDecoder();
    try {
      for await (const chunk of body instanceof Uint8Array ? [body] : body) {
        await this.#publishText(decode(chunk), response);
        yield chunk;
      }
      await this.#publishText(decode(), response);
    } catch (error) {
      throw this.#endOf(error);
    }
    if (this.#sender.sent === 0) await this.#sender.send(this.#textPiece('', response));
  }

  async #publishItem(item: unknown): Promise<Uint8Array> {
    const bytes = bytesOf(item);
    const json = bytes ? JSON.stringify(textOf(bytes)) : plainJson(item);
    await this.#sender.send(this.#piece(json));
    return Buffer.from(`${json}\n`);
  }

  #publishText(text: string, response: ResponseHead | undefined): Promise<void> {
    return this.#sender.sendSplit(text, (part) => this.#textPiece(part, response));
  }

  #textPiece(text: string, response: ResponseHead | undefined): OutputMessage {
    return this.#piece(`{"data":${JSON.stringify(text)},"is_eof":null}`, response);
  }

  #piece(bodyJson: string, response?: ResponseHead): OutputMessage {
    const { request, handled } = this.#attempt;
    const input = { decoded: request, message: this.#context.message };
    const place = { attempt: handled.attempt, sequence: this.#sender.sent + 1 };
    return encodeTrueFoundryPiece({ bodyJson, response, ...place }, input);
  }

  /** Consumers join pieces, and can't tell attempts apart. So a request fails if its stream breaks after the first piece. */
  #endOf(error: unknown): unknown {
    const isOurs =
      this.#attempt.handled.signal.aborted ||
      error instanceof StoreUnavailable ||
      error instanceof AttemptSuspended;
    return this.#sender.sent === 0 || isOurs ? error : new StreamBroken(error);
  }
}

/** @throws ResultInvalid if the bytes aren't UTF-8 */
function textOf(bytes: Uint8Array): string {
  const decode = textDecoder();
  return decode(bytes) + decode();
}

/** Decodes chunks, which may end within a character. The last call has no chunk. */
function textDecoder(): (chunk?: Uint8Array) => string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return (chunk) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (error) {
      throw new ResultInvalid("it isn't text in UTF-8, as the output format truefoundry requires", error);
    }
  };
}
