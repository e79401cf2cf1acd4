import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A call as it arrived. */
export interface ReceivedCall {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Answers a call like an AWS service in one situation. */
export type Script = (call: ReceivedCall, response: ServerResponse) => void;

/**
 * An HTTP server that follows a script, for answers that an emulator cannot give and for network faults.
 * It does not emulate a service.
 */
export class ScriptedEndpoint implements AsyncDisposable {
  readonly calls: ReceivedCall[] = [];
  script: Script;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #sockets = new Set<Socket>();
  #url = '';

  constructor(script: Script) {
    this.script = script;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Starts to listen on a free port. */
  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    this.#url = `http://127.0.0.1:${address.port}`;
    return this;
  }

  get url(): string {
    return this.#url;
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Breaks every connection, like a network fault. */
  breakConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request).catch(() => undefined);
    // The caller closed the connection: no caller waits for an answer.
    if (!body) return;
    const { method = '', url = '', headers } = request;
    const call = { method, url, headers, body };
    this.calls.push(call);
    this.script(call, response);
  }
}

/** An error in S3's format. */
export function s3Error(status: number, code: string): Script {
  return ({ method }, response) => {
    response.writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': 'R' });
    response.end(
      method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>${code}, it says</Message></Error>`,
    );
  };
}

/** An answer in the format of SQS and DynamoDB. */
export function jsonAnswer(status: number, body: unknown): Script {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'R' });
    response.end(JSON.stringify(body));
  };
}

/** DynamoDB's answer to a write with a failed condition. @param item the existing item, if any */
export function conditionRefused(item: unknown): Script {
  return jsonAnswer(400, {
    __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
    message: 'The conditional request failed',
    ...(item === undefined ? {} : { Item: item }),
  });
}

/** The configuration of SDK clients for an endpoint. */
export function clientConfig(endpoint: string) {
  return {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  };
}
