import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ConfigurationError } from '../core/base/errors.ts';

/** What a {@link StatusServer} reports. */
export interface Status {
  /** Whether the worker takes messages. */
  readonly isReady: boolean;
  /** What the worker is doing, in a word. */
  readonly state: string;
}

/** What a {@link StatusServer} serves. */
export interface StatusSources {
  status(): Status;
  readonly metrics: { readonly contentType: string; scrape(): Promise<string> };
}

/**
 * Serves what an orchestrator and Prometheus ask a process: `/health` answers as long as the process works, `/ready` is
 * 503 unless the worker takes messages, `/metrics` has its figures.
 */
export class StatusServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * @param port 0 for any free one
   * @param host the address to listen at. @default - all of this machine
   * @throws ConfigurationError if the port can't be used
   */
  static async listen(port: number, sources: StatusSources, host?: string): Promise<StatusServer> {
    const server = createServer((request, response) => {
      // A connection that is kept alive would hold up the end of the process.
      response.setHeader('connection', 'close');
      answer(request, response, sources).catch(() => response.destroy());
    });
    server.listen(port, host);
    try {
      await once(server, 'listening');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConfigurationError(
        `The status port ${port} can't be used: ${reason}. Choose another with COATCHECK_STATUS_PORT, or 0 for any free one`,
        { cause: error },
      );
    }
    return new StatusServer(server);
  }

  /** The port it listens on. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    await closed;
  }
}

async function answer(
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
  { status, metrics }: StatusSources,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return send(response, 405, 'text/plain', 'Only GET and HEAD\n');
  // Not by URL: it throws for some targets that any client may send, such as "//".
  switch (url.split('?', 1)[0]) {
    case '/health':
      return send(response, 200, 'text/plain', 'ok\n');
    case '/ready': {
      const { isReady, state } = status();
      return send(response, isReady ? 200 : 503, 'text/plain', `${state}\n`);
    }
    case '/metrics':
      return send(response, 200, metrics.contentType, await metrics.scrape());
    default:
      return send(response, 404, 'text/plain', 'Only /health, /ready and /metrics\n');
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}
