import { parseRetryAfter } from '../core/base/retry-after.ts';
import { requestPath } from '../core/model/request-links.ts';
import { readRequest } from './answers.ts';
import type { Api, Call } from './api.ts';
import { connect, readText } from './connection.ts';
import { AnswerInvalid, RequestPending } from './errors.ts';
import type { RequestOptions } from './status.ts';
import { transfer } from './transfer.ts';
import { callName } from './url.ts';

/** The result of a request. `bytes()`, `text()` and `json()` can be called any number of times, `stream()` once. */
export class RequestResult {
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

  /** Reads the result as UTF-8 text. @throws ConnectionFailed */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** Parses the result as JSON, without validation. @throws ConnectionFailed, SyntaxError for invalid JSON */
  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  #read(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.response.bodyUsed) throw new TypeError('The result was already consumed by stream()');
    return this.#api.retrier.run(async (attempt) => {
      const response = attempt === 1 ? this.response : await this.#reopen();
      return new Uint8Array(await connect('Reading the result', () => response.arrayBuffer()));
    }, this.#signal);
  }
}

/** @throws RequestPending, RequestNotSucceeded, ResultGone, ApiError, TransferRefused, ConnectionFailed */
export async function openResult(
  api: Api,
  id: string,
  { source, signal }: RequestOptions,
): Promise<RequestResult> {
  const call: Call = { method: 'GET', path: requestPath(id, '/result'), query: { source }, signal };
  const open = () => api.retrier.run(() => openOnce(api, call), signal);
  return new RequestResult(await open(), open, api, signal);
}

/**
 * The API answers with the result, or with its location in the store. It is fetched from there without the API's
 * credentials, because the store rejects a call with two of them.
 */
async function openOnce(api: Api, call: Call): Promise<Response> {
  const response = await api.open(call);
  if (response.status === 202) {
    const name = callName('GET', api.urlOf(call));
    const text = await readText(response, name);
    const request = readRequest({ call: name, text, headers: response.headers });
    throw new RequestPending(request, parseRetryAfter(response.headers.get('retry-after'), api.timing.now()));
  }
  return fromStore(api, call, response);
}

/**
 * What a call is answered with, or what is where the answer redirects to.
 * @throws AnswerInvalid, TransferRefused, ConnectionFailed
 */
export async function fromStore(api: Api, call: Call, response: Response): Promise<Response> {
  if (response.status < 300) return response;
  await response.body?.cancel();
  const url = api.urlOf(call);
  const location = response.headers.get('location');
  if (!location)
    throw new AnswerInvalid(callName('GET', url), 'a result', `HTTP ${response.status} without Location`);
  return transfer(api.fetch, { method: 'GET', url: new URL(location, url), signal: call.signal });
}
