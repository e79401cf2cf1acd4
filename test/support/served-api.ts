import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { ApiHarness } from './api-harness.ts';
import { delivery } from './delivery.ts';
import { s3Event, s3Record } from './s3-records.ts';

/** The base URL of the harness's forms and URLs. */
const STORE = 'https://store.example';

/** A call of the API; calls of the store are not included. */
export interface ServedCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
}

/**
 * The API over HTTP, with a store that accepts form uploads and serves results, both in the harness's memory.
 * A call that waits delivers the messages in the queue.
 */
export class ServedApi implements AsyncDisposable {
  readonly api: ApiHarness;
  readonly calls: ServedCall[] = [];
  /** Answers in place of the API if it returns a response. */
  instead: (call: ServedCall) => Response | undefined = () => undefined;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(api: ApiHarness) {
    this.api = api;
    api.onWait = () => api.deliver();
  }

  /** Starts to listen on a free port. */
  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url = '' } = incoming;
    const headers = new Headers(
      Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const sent = await buffer(incoming).catch(() => undefined);
    // The caller closed the connection: no caller waits for an answer.
    if (!sent) return;
    const given = method === 'GET' ? undefined : new Uint8Array(sent);
    const request = new Request(new URL(url, this.url), { method, headers, body: given });
    const response = await (url.startsWith('/store') ? this.#store(request) : this.#answer(request));
    const body = await readWhole(response);
    if (!body)
      return void outgoing.writeHead(response.status).write('the beginning', () => outgoing.destroy());
    const here = (text: string) => text.replaceAll(STORE, `${this.url}/store`);
    const isJson = response.headers.get('content-type') === 'application/json';
    const rewritten = [...response.headers].map(([name, value]): [string, string] => [name, here(value)]);
    outgoing.writeHead(response.status, Object.fromEntries(rewritten));
    outgoing.end(isJson ? here(body.toString()) : body);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const call = { method: request.method, path: pathname + search, headers: request.headers };
    this.calls.push(call);
    return this.instead(call) ?? this.api.app.fetch(request);
  }

  async #store(request: Request): Promise<Response> {
    const { store } = this.api.harness;
    if (request.method === 'GET') {
      const { pathname } = new URL(request.url);
      const found = store.object(decodeURIComponent(pathname.replace(/^\/store\/[^/]+\//, '')));
      if (!found) return new Response('<Error><Code>NoSuchKey</Code></Error>', { status: 404 });
      const headers = { 'content-type': found.contentType };
      return new Response(new Uint8Array(found.bytes), { headers });
    }
    const form = await request.formData();
    const file = form.get('file');
    if (!(file instanceof Blob)) return new Response(null, { status: 400 });
    await this.#upload(String(form.get('key')), String(form.get('Content-Type')), await file.bytes());
    return new Response(null, { status: 204 });
  }

  /** Stores an object and delivers its event, as S3 does. */
  async #upload(key: string, contentType: string, bytes: Uint8Array): Promise<void> {
    const { harness } = this.api;
    const versionId = harness.store.put(key, bytes, { contentType });
    const record = s3Record({ key, versionId, size: bytes.byteLength });
    await harness.process([delivery(s3Event(record), { id: crypto.randomUUID() })]);
  }
}

/** Undefined if the body breaks off. */
function readWhole(response: Response): Promise<Buffer | undefined> {
  return response.arrayBuffer().then(
    (bytes) => Buffer.from(bytes),
    () => undefined,
  );
}
