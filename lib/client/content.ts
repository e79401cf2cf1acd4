import type { Api } from './api.ts';
import { connect } from './connection.ts';

/** The result or the payload of a request. `bytes()`, `text()` and `json()` can be called any number of times, `stream()` once. */
export class RequestContent {
  /** Empty if the store didn't send it. */
  readonly contentType: string;
  /** Size in bytes, if known. */
  readonly size?: number;
  /** The response that holds it. */
  readonly response: Response;
  readonly #reopen: () => Promise<Response>;
  readonly #api: Api;
  readonly #signal?: AbortSignal;
  #bytes?: Promise<Uint8Array<ArrayBuffer>>;

  constructor(response: Response, reopen: () => Promise<Response>, api: Api, signal?: AbortSignal) {
    const length = response.headers.get('content-length');
    this.contentType = response.headers.get('content-type') ?? '';
    this.size = length === null || response.headers.has('content-encoding') ? undefined : Number(length);
    this.response = response;
    this.#reopen = reopen;
    this.#api = api;
    this.#signal = signal;
  }

  /** Streams the bytes, without buffering. A connection that breaks off isn't retried. */
  stream(): ReadableStream<Uint8Array> {
    return this.response.body ?? new Blob([]).stream();
  }

  /** Reads all bytes. Fetches them again if the connection breaks off. @throws ConnectionFailed */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    this.#bytes ??= this.#read();
    return this.#bytes;
  }

  /** Reads it as UTF-8 text. @throws ConnectionFailed */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** Parses it as JSON, without validation. @throws ConnectionFailed, SyntaxError for invalid JSON */
  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  #read(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.response.bodyUsed) throw new TypeError('The content was already consumed by stream()');
    return this.#api.retrier.run(async (attempt) => {
      const response = attempt === 1 ? this.response : await this.#reopen();
      return new Uint8Array(await connect('Reading the content', () => response.arrayBuffer()));
    }, this.#signal);
  }
}
