import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { vi } from 'vitest';

/** What X-Ray's daemon wants before a document. */
const HEADER = '{"format": "json", "version": 1}\n';

/** Listens where X-Ray's daemon would. It is closed with the scope it is used in. */
export class XRayDaemon implements Disposable {
  /** What came, as it came. */
  readonly datagrams: string[] = [];
  readonly #socket = createSocket('udp4');

  async start(): Promise<this> {
    this.#socket.on('message', (message) => this.datagrams.push(message.toString()));
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    return this;
  }

  /** As Lambda says where it is. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  /** Documents, once so many have come. They are whatever was sent: JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: assertions look deep into JSON
  async documents(count: number): Promise<any[]> {
    await vi.waitUntil(() => this.datagrams.length >= count);
    return this.datagrams.map((datagram) => {
      if (!datagram.startsWith(HEADER)) throw new Error(`no document: ${datagram}`);
      return JSON.parse(datagram.slice(HEADER.length));
    });
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
