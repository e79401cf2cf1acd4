import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A network between a client and a server on this machine, which can fail. */
export class DroppingProxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #links: Set<readonly [client: Socket, upstream: Socket]>;
  #up = true;
  #silent = false;

  private constructor(server: Server, port: number, targetPort: number) {
    this.#server = server;
    this.port = port;
    this.#links = new Set();
    server.on('connection', (client) => this.#link(client, targetPort));
  }

  /** Forwards connections to a port of this machine. */
  static async to(targetPort: number): Promise<DroppingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('No port is free');
    return new DroppingProxy(server, address.port, targetPort);
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#links.size;
  }

  /** Resets all connections, and each new one until {@link restore}. */
  cut(): void {
    this.#up = false;
    for (const link of this.#links) reset(link);
  }

  /**
   * Loses everything that is sent, without an end of the connections, until {@link restore}; new connections are
   * accepted and stay silent. What was lost stays lost, so connections of before are reset then.
   */
  silence(): void {
    this.#silent = true;
    for (const [client, upstream] of this.#links) {
      client.unpipe(upstream).resume();
      upstream.unpipe(client).resume();
    }
  }

  /** Keeps back what servers send, until {@link release}. */
  hold(): void {
    for (const [client, upstream] of this.#links) upstream.unpipe(client);
  }

  /** Forwards what was kept back, and what comes. */
  release(): void {
    for (const [client, upstream] of this.#links) upstream.pipe(client);
  }

  /** Forwards again. */
  restore(): void {
    if (this.#silent) for (const link of this.#links) reset(link);
    this.#up = true;
    this.#silent = false;
  }

  #link(client: Socket, targetPort: number): void {
    const upstream = connect(targetPort, '127.0.0.1');
    const link = [client, upstream] as const;
    this.#links.add(link);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#links.delete(link);
        other.destroy();
      });
      if (this.#silent) socket.resume();
      else socket.pipe(other);
    }
    if (!this.#up) reset(link);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function reset([client, upstream]: readonly [Socket, Socket]): void {
  client.resetAndDestroy();
  upstream.destroy();
}
