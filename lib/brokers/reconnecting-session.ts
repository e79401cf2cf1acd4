import { setTimeout as sleep } from 'node:timers/promises';
import { backoffBound } from '../core/base/backoff.ts';
import { ConfigurationError } from '../core/base/errors.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import { unlessAborted } from '../core/base/unless-aborted.ts';
import type { Logger } from '../core/ports/telemetry.ts';

/** How long closing a connection may take. */
const CLOSE_TIMEOUT_MILLISECONDS = 5_000;

/** Wait before the first attempt to reconnect. It doubles up to the longest one, with jitter. */
const RECONNECT_BASE_MILLISECONDS = 100;
const RECONNECT_MAX_MILLISECONDS = 5_000;

/** A connection and what runs on it until it is lost. */
export interface Session {
  /** Ends it in order: what was sent arrives. */
  close(): Promise<void>;
  /** Called once when the connection is lost; frees what is left of it. */
  lost(reason: Error): void;
}

/** How to connect. */
export interface SessionOptions<Opened extends Session> {
  /** The server in log lines and errors, without its password. */
  readonly server: string;
  readonly logger: Logger;
  /**
   * Connects, and prepares what is needed.
   * @param end to be called when the connection is lost
   */
  readonly open: (end: (reason: Error) => void) => Promise<Opened>;
}

/** A session that is opened again for ever. Each outage is one line in the log, and one when it ends. */
export class ReconnectingSession<Opened extends Session> implements AsyncDisposable {
  readonly #options: SessionOptions<Opened>;
  readonly #closing = new AbortController();
  #live: Opened | undefined;
  #lostBecause = new Error('not connected yet');
  #next = Promise.withResolvers<Opened>();

  private constructor(options: SessionOptions<Opened>) {
    this.#options = options;
  }

  /** @throws what `open` throws */
  static async open<Opened extends Session>(
    options: SessionOptions<Opened>,
  ): Promise<ReconnectingSession<Opened>> {
    const connection = new ReconnectingSession(options);
    await connection.#connect();
    return connection;
  }

  /** @throws an error with the reason while it isn't connected */
  get current(): Opened {
    if (this.#live) return this.#live;
    throw new Error(`${this.#options.server} is unreachable: ${messageOf(this.#lostBecause)}`);
  }

  /** Undefined while it isn't connected. */
  get live(): Opened | undefined {
    return this.#live;
  }

  /** Waits until it is connected. @throws an error with the reason if the signal fires first */
  async connected(signal: AbortSignal): Promise<Opened> {
    if (this.#live) return this.#live;
    return unlessAborted(this.#next.promise, signal, () => this.current);
  }

  async #connect(): Promise<void> {
    const ended = Promise.withResolvers<never>();
    ended.promise.catch(() => {});
    const session = await this.#options.open(ended.reject);
    if (this.#closing.signal.aborted) {
      await within(CLOSE_TIMEOUT_MILLISECONDS, session.close());
      return;
    }
    this.#live = session;
    this.#next.resolve(session);
    ended.promise.catch((reason: Error) => this.#lose(session, reason));
  }

  #lose(session: Opened, reason: Error): void {
    this.#live = undefined;
    session.lost(reason);
    if (this.#closing.signal.aborted) return;
    this.#lostBecause = reason;
    this.#next = Promise.withResolvers();
    const { logger, server } = this.#options;
    logger.warn(`The connection to ${server} was lost; reconnecting`, { reason: messageOf(reason) });
    void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    const { logger, server } = this.#options;
    const { signal } = this.#closing;
    const lostAt = Date.now();
    for (let attempt = 1; !this.#live; attempt++) {
      const bound = backoffBound(attempt, RECONNECT_BASE_MILLISECONDS, RECONNECT_MAX_MILLISECONDS);
      await sleep(bound * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await this.#connect();
      } catch (error) {
        const isNew = messageOf(error) !== messageOf(this.#lostBecause);
        this.#lostBecause = error instanceof Error ? error : new Error(messageOf(error));
        // Waiting doesn't help there: the queue or the permissions have changed.
        if (error instanceof ConfigurationError && isNew) logger.error(error.message);
      }
      if (signal.aborted) return;
    }
    const seconds = Math.round((Date.now() - lostAt) / 1_000);
    logger.info(`The connection to ${server} is back after ${seconds} s`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#lostBecause = new Error('the connection was closed');
    if (this.#live) await within(CLOSE_TIMEOUT_MILLISECONDS, this.#live.close());
    this.#live = undefined;
  }
}

/** Waits for a call that nothing depends on. */
async function within(milliseconds: number, call: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([call.catch(() => {}), promise]);
  clearTimeout(timer);
}
