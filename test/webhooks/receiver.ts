import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

const FIXTURES = join(import.meta.dirname, 'fixtures');

/** The certificate of `hooks.example`. It is self-signed: clients must be set to trust it. */
export const CERTIFICATE = readFileSync(join(FIXTURES, 'receiver-certificate.pem'), 'utf8');
const KEY = readFileSync(join(FIXTURES, 'receiver-key.pem'), 'utf8');

/** A server on this machine that counts connections and received bytes. */
export interface Receiver {
  readonly port: number;
  /** Number of connections so far. */
  readonly connections: number;
  /** Bytes received over all connections. */
  readonly bytes: number;
  /** Resolves when no connection is open. */
  idle(): Promise<void>;
}

/** Answers by HTTP. @param onEnd takes what closes it. @default - it is closed after the test */
export function httpReceiver(answer: RequestListener, onEnd?: OnEnd): Promise<Receiver> {
  return listening(createHttpServer(answer), onEnd);
}

/** Answers by HTTPS, as `hooks.example`. */
export function httpsReceiver(answer: RequestListener): Promise<Receiver> {
  return listening(createHttpsServer({ cert: CERTIFICATE, key: KEY }, answer));
}

/** Handles the raw TCP connection. */
export function tcpReceiver(talk: (socket: Socket) => void): Promise<Receiver> {
  return listening(
    createTcpServer((socket) => {
      // A socket that is not read never ends.
      socket.resume();
      talk(socket);
    }),
  );
}

/** A received request. */
export interface ReceivedCall {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Reads a request to its end. */
export async function callOf(request: IncomingMessage): Promise<ReceivedCall> {
  const { method, url, headers } = request;
  return { method, url, headers, body: await text(request) };
}

/** The id of a webhook: a call that comes again has the same one. */
export function webhookIdOf({ headers }: ReceivedCall): unknown {
  return headers['webhook-id'];
}

type OnEnd = (close: () => void) => void;

async function listening(server: Server, onEnd: OnEnd = onTestFinished): Promise<Receiver> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let bytesBefore = 0;
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      bytesBefore += socket.bytesRead;
      sockets.delete(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get bytes() {
      return [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, bytesBefore);
    },
    async idle() {
      while (sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
