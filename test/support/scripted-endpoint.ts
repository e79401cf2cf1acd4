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

/** Answers a call as a service of AWS would in the case at hand. */
export type Script = (call: ReceivedCall, response: ServerResponse) => void;

/**
 * Speaks HTTP as a script says: for answers an emulator can't be made to give, and for faults of the network.
 * It is no imitation of a service.
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

  /** Starts listening, on a port of its own. */
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

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Breaks every connection, as a network does. */
  breakConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request).catch(() => undefined);
    // Its caller has broken it off: nobody waits for an answer.
    if (!body) return;
    const { method = '', url = '', headers } = request;
    const call = { method, url, headers, body };
    this.calls.push(call);
    this.script(call, response);
  }
}

/** S3's form of an error. */
export function s3Error(status: number, code: string): Script {
  return ({ method }, response) => {
    response.writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': 'R' });
    response.end(
      method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>${code}, it says</Message></Error>`,
    );
  };
}

/** The form SQS and DynamoDB have for an answer. */
export function jsonAnswer(status: number, body: unknown): Script {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'R' });
    response.end(JSON.stringify(body));
  };
}

/** DynamoDB's answer to a write whose condition doesn't hold. @param item what is in its way, if anything */
export function conditionRefused(item: unknown): Script {
  return jsonAnswer(400, {
    __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
    message: 'The conditional request failed',
    ...(item === undefined ? {} : { Item: item }),
  });
}

/** What SDK clients of an endpoint are made with. */
export function clientConfig(endpoint: string) {
  return {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  };
}
