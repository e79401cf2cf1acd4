import type { ClaimCheck } from '../core/model/claim-check.ts';

/** Where results lie that are too large for a message. */
export interface ResultObjects {
  /** @throws what the store says when the object isn't there, or may not be read */
  open(check: ClaimCheck): Promise<ReadableStream<Uint8Array>>;
}

/** A result, in the message or in the store; it is fetched when it is read, and every time it is. */
export class OutcomeResult {
  readonly contentType: string;
  /** Where it lies, when it was too large for the message. */
  readonly reference?: ClaimCheck;
  readonly #inline?: Uint8Array<ArrayBuffer>;
  readonly #objects: ResultObjects;

  constructor(contentType: string, content: Uint8Array<ArrayBuffer> | ClaimCheck, objects: ResultObjects) {
    this.contentType = contentType;
    this.#objects = objects;
    if (content instanceof Uint8Array) this.#inline = content;
    else this.reference = content;
  }

  /** The bytes as they come; never the whole of a large result in memory. */
  async stream(): Promise<ReadableStream<Uint8Array>> {
    return this.reference ? this.#objects.open(this.reference) : ReadableStream.from([await this.bytes()]);
  }

  /** The whole. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (!this.reference) return this.#inline ?? new Uint8Array();
    return new Uint8Array(await new Response(await this.stream()).arrayBuffer());
  }

  /** The whole as UTF-8. */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** The whole as JSON: yours to validate. @throws SyntaxError when it isn't JSON */
  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}
