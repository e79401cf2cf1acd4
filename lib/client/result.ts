import { parseRetryAfter } from '../core/base/retry-after.ts';
import { requestPath } from '../core/model/request-links.ts';
import { requestOf } from './answers.ts';
import type { Api, Call } from './api.ts';
import { connected, textOf } from './connection.ts';
import { AnswerInvalid, RequestPending } from './errors.ts';
import type { RequestOptions } from './status.ts';
import { transfer } from './transfer.ts';
import { callName } from './url.ts';

/** A request's result. `bytes()`, `text()` and `json()` may be called as often as you like, `stream()` once. */
export class RequestResult {
  /** Empty when the store didn't say. */
  readonly contentType: string;
  /** Bytes it has, where they were told. */
  readonly size?: number;
  /** The answer it came with. */
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

  /** The bytes as they come; never the whole in memory. A connection that breaks off isn't mended. */
  stream(): ReadableStream<Uint8Array> {
    return this.response.body ?? new Blob([]).stream();
  }

  /** The whole. When the connection breaks off it is fetched again. @throws ConnectionFailed */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    this.#bytes ??= this.#read();
    return this.#bytes;
  }

  /** The whole as UTF-8. @throws ConnectionFailed */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** The whole as JSON: yours to validate. @throws ConnectionFailed, SyntaxError when it isn't JSON */
  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  #read(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.response.bodyUsed) throw new TypeError('stream() was called: the result is read already');
    return this.#api.retrier.run(async (attempt) => {
      const response = attempt === 1 ? this.response : await this.#reopen();
      return new Uint8Array(await connected('Reading the result', () => response.arrayBuffer()));
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
 * The API answers with the result, or with where it lies. There it is fetched without the API's credentials: the store
 * refuses a call that has them besides those in the URL.
 */
async function openOnce(api: Api, call: Call): Promise<Response> {
  const response = await api.open(call);
  const url = api.urlOf(call);
  const name = callName('GET', url);
  if (response.status === 202) {
    const text = await textOf(response, name);
    const request = requestOf({ call: name, text, headers: response.headers });
    throw new RequestPending(request, parseRetryAfter(response.headers.get('retry-after'), api.timing.now()));
  }
  if (response.status < 300) return response;
  await response.body?.cancel();
  const location = response.headers.get('location');
  if (!location) throw new AnswerInvalid(name, 'a result', `HTTP ${response.status} without Location`);
  return transfer(api.fetch, { method: 'GET', url: new URL(location, url), signal: call.signal });
}
