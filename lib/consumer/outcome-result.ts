import type { ClaimCheck } from '../core/model/claim-check.ts';

/** Store of results that are too large for a message. */
export interface ResultObjects {
  /** @throws the store's error if the object doesn't exist or can't be read */
  open(check: ClaimCheck): Promise<ReadableStream<Uint8Array>>;
}

/** A result, in the message or in the store. Every read of a result in the store fetches it. */
export class OutcomeResult {
  readonly contentType: string;
  /** Its location, if it was too large for the message. */
  readonly reference?: ClaimCheck;
  readonly #inline?: Uint8Array<ArrayBuffer>;
  readonly #objects: ResultObjects;

  constructor(contentType: string, content: Uint8Array<ArrayBuffer> | ClaimCheck, objects: ResultObjects) {
    this.contentType = contentType;
    this.#objects = objects;
    if (content instanceof Uint8Array) this.#inline = content;
    else this.reference = content;
  }

  /** Streams the bytes, without buffering a large result. */
  async stream(): Promise<ReadableStream<Uint8Array>> {
    return this.reference ? this.#objects.open(this.reference) : ReadableStream.from([await this.bytes()]);
  }

  /** Reads all bytes. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (!this.reference) return this.#inline ?? new Uint8Array();
    return new Uint8Array(await new Response(await this.stream()).arrayBuffer());
  }

  /** Reads the result as UTF-8 text. */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** Parses the result as JSON, without validation. @throws SyntaxError for invalid JSON */
  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}
