import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  request as open,
  type Server,
  type ServerResponse,
} from 'node:http';
import { finished } from 'node:stream/promises';
import { CALLER_NAME } from './caller-name.ts';
import type { RecordedCall } from './recorded-call.ts';

/** Longer than any URL that a test calls. Node's own limit is 16 KiB. */
const MAX_HEADER_BYTES = 1_048_576;

/** Headers of one connection, which aren't forwarded. */
const OF_THE_CONNECTION = new Set(['connection', 'keep-alive', 'expect']);

/** Longest beginning of a request's body that is recorded: for JSON all of it, for a form its fields. */
const MAX_RECORDED_BYTES = 8 * 1024 * 1024;
const MAX_FORM_BYTES = 64 * 1024;

/**
 * An HTTP proxy in front of a local AWS that writes into a file the signed calls of callers with a name, the
 * presigned ones and those of HTTP APIs, as a {@link RecordedCall} a line.
 */
export class RecordingProxy implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #file: WriteStream;

  private constructor(server: Server, url: string, file: WriteStream) {
    this.#server = server;
    this.url = url;
    this.#file = file;
  }

  /** Starts to listen on a free port, and replaces the file. */
  static async open(endpoint: string, path: string): Promise<RecordingProxy> {
    const file = createWriteStream(path);
    // Connections end with their clients, as those of AWS nearly do.
    const limits = { keepAliveTimeout: 0, requestTimeout: 0, maxHeaderSize: MAX_HEADER_BYTES };
    const server = createServer(limits, (request, response) =>
      forward(new URL(endpoint), request, response, file),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    return new RecordingProxy(server, `http://127.0.0.1:${address.port}`, file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await finished(this.#file.end());
  }
}

/** The Host header stays the proxy's: the signature covers it, and the local AWS puts it into URLs. */
function forward(
  { hostname, port }: URL,
  request: IncomingMessage,
  response: ServerResponse,
  file: WriteStream,
): void {
  const { method, url: path, rawHeaders } = request;
  const headers = [...forwarded(rawHeaders), 'Connection', 'close'];
  const upstream = open({ hostname, port, method, path, headers, agent: false });
  const body = beginningOf(request);
  upstream.on('response', (answer) => {
    const { statusCode = 0, statusMessage } = answer;
    response.sendDate = false;
    response.writeHead(statusCode, statusMessage, forwarded(answer.rawHeaders));
    answer.pipe(response);
    answer.on('error', () => response.destroy());
    const call = recordedCall(request, body(), statusCode);
    if (call) file.write(`${JSON.stringify(call)}\n`);
  });
  // One of the two ended too early: the other sees a broken connection.
  upstream.on('error', () => request.socket.destroy());
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}

/** @param headers alternating names and values */
function forwarded(headers: readonly string[]): string[] {
  return headers.filter(
    (_, index) => !OF_THE_CONNECTION.has((headers[index - (index % 2)] ?? '').toLowerCase()),
  );
}

/** Collects the beginning of a body while it is forwarded. Objects and their parts aren't collected. */
function beginningOf(request: IncomingMessage): () => string {
  const chunks: Buffer[] = [];
  let left = request.headers['content-type']?.startsWith('multipart/') ? MAX_FORM_BYTES : MAX_RECORDED_BYTES;
  if (carriesObject(request)) return () => '';
  request.on('data', (chunk: Buffer) => {
    if (left > 0) chunks.push(chunk.subarray(0, left));
    left -= chunk.byteLength;
  });
  return () => Buffer.concat(chunks).toString();
}

function carriesObject({ method, headers }: IncomingMessage): boolean {
  return method === 'PUT' && !headers['content-type']?.includes('json');
}

/** @returns undefined for a call that isn't recorded */
function recordedCall(
  { method = '', url = '', headers }: IncomingMessage,
  body: string,
  status: number,
): RecordedCall | undefined {
  const signed = headers.authorization ?? /X-Amz-Credential=([^&]+)/.exec(url)?.[1] ?? credentialIn(body);
  const [, service] = /[^/=\s]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(decodeURIComponent(signed)) ?? [];
  const { authorization, 'user-agent': agent = '' } = headers;
  const [, caller] = CALLER_NAME.exec(agent) ?? [];
  const presigned = authorization === undefined;
  // Other calls are those of the tests and of deployments.
  if (service === undefined || !(caller || presigned || service === 'execute-api')) return undefined;
  const kept = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-') || name === 'if-match');
  return {
    caller: caller ?? '',
    presigned,
    service,
    method,
    url,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    body,
    status,
  };
}

/** Of a form that S3's signer made. */
function credentialIn(body: string): string {
  return /name="X-Amz-Credential"\r\n\r\n([^\r]+)/i.exec(body)?.[1] ?? '';
}
