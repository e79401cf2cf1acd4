import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { ConfigurationError } from '../core/base/errors.ts';

/** How long calls that are being answered may take when the server closes. */
const CLOSE_MILLISECONDS = 2_000;

/**
 * How long an idle connection stays open. A proxy must close it first: otherwise it may send a call on a connection that is closing,
 * and answers 502. Google's load balancers keep theirs for 10 minutes, the longest of the common ones; Node's default is 5 seconds.
 * @see https://docs.cloud.google.com/load-balancing/docs/https#timeout-keepalive-backends
 */
const IDLE_MILLISECONDS = 620_000;

/** Where to listen. */
export interface ListenOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Whether to refuse callers of other machines and pages of other sites: the app asks for no credentials. */
  readonly onlyLocal: boolean;
}

/** A server whose app is set after its start. */
export interface Listening {
  /** Its URL on this machine. */
  readonly url: string;
  /** Serves an app from now on. */
  readonly use: (app: Hono) => void;
  /** Takes no more calls, and ends those that take long. */
  readonly close: () => Promise<void>;
}

/** Whether a host is one that only this machine reaches. An IPv6 address may have brackets, as in a URL. */
export function isLoopback(host: string): boolean {
  return ['localhost', '::1', '[::1]'].includes(host) || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** @throws ConfigurationError if the address can't be used */
export async function listen({ host, port, onlyLocal }: ListenOptions): Promise<Listening> {
  const app = new Hono();
  let isClosing = false;
  app.use(async (c, next) => {
    await next();
    // A connection that is kept alive would hold up the end.
    if (isClosing) c.res.headers.set('connection', 'close');
  });
  if (onlyLocal) {
    app.use(
      refuseOthers,
      cors({ origin: (origin) => (isLocal(origin) ? origin : null), exposeHeaders: ['*'] }),
    );
  }
  const { Response } = globalThis;
  const server = serve({
    fetch: app.fetch,
    hostname: host,
    port,
    serverOptions: {
      // An upload may take as long as it needs.
      requestTimeout: 0,
      keepAliveTimeout: IDLE_MILLISECONDS,
    },
  }) as Server;
  // It replaced the class by one that gives bytes the type of text. Handlers of this process make responses too. Without
  // overrideGlobalObjects, hono's bodyLimit fails on calls whose length isn't stated, such as DELETE.
  Object.defineProperty(globalThis, 'Response', { value: Response });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(
      `Port ${port} of ${host} can't be used: ${reason}. Choose another with --port, or 0 for any free one`,
      { cause },
    );
  }
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    use: (served) => void app.route('/', served),
    close: async () => {
      isClosing = true;
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MILLISECONDS);
      await closed;
      clearTimeout(timer);
    },
  };
}

/**
 * Refuses calls from pages of other sites, which could reach it by a form, or by a name of theirs that leads to this machine
 * (DNS rebinding).
 */
const refuseOthers: MiddlewareHandler = async (c, next) => {
  const { origin = c.req.url } = c.req.header();
  if (isLocal(c.req.url) && isLocal(origin)) return next();
  const detail = 'Call this service as localhost, 127.0.0.1 or [::1], and not from a page of another site';
  return c.json({ code: 'not_local', detail }, 403);
};

function isLocal(url: string): boolean {
  return isLoopback(URL.parse(url)?.hostname ?? '');
}
