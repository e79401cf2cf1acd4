import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffBound } from '../core/base/backoff.ts';
import { DownstreamUnavailable } from '../core/base/errors.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import type { Logger } from '../core/ports/telemetry.ts';

/** Wait between two looks. It doubles up to the longest one. */
const LOOK_BASE_MILLISECONDS = 20;
const LOOK_MAX_MILLISECONDS = 1_000;

/** A service that isn't up at this look, after some 300 ms, is reported. */
const REPORTED_LOOK = 5;

/** How long one look may take. */
const LOOK_TIMEOUT_MILLISECONDS = 5_000;

/** What a {@link ServiceStart} waits for. */
export interface ServiceStartOptions {
  /** Where the service takes requests. */
  readonly url: URL;
  /** A path that answers 2xx once the service is up. @default - it is up once it accepts connections */
  readonly readyPath: string | undefined;
  readonly startSeconds: number;
}

/** The start of a service, which is waited for once. A service that ends later is down. */
export class ServiceStart {
  readonly #options: ServiceStartOptions;
  #started: Promise<void> | undefined;

  constructor(options: ServiceStartOptions) {
    this.#options = options;
  }

  /**
   * Waits until the service is up. Callers share the wait.
   * @param logger reports that the service isn't up yet
   * @throws DownstreamUnavailable if that takes too long
   */
  wait(logger: Logger): Promise<void> {
    this.#started ??= this.#look(logger).catch((error) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  async #look(logger: Logger): Promise<void> {
    const { startSeconds } = this.#options;
    const end = performance.now() + startSeconds * 1_000;
    for (let look = 1; ; look++) {
      const problem = await this.#problem();
      if (problem === undefined) return;
      if (look === REPORTED_LOOK) logger.warn('The service is not up yet', { problem, startSeconds });
      const left = end - performance.now();
      if (left <= 0) {
        throw new DownstreamUnavailable(`The service isn't up after ${startSeconds} s: ${problem}`);
      }
      await sleep(Math.min(left, backoffBound(look, LOOK_BASE_MILLISECONDS, LOOK_MAX_MILLISECONDS)));
    }
  }

  /** Why the service isn't up. */
  async #problem(): Promise<string | undefined> {
    const { url, readyPath } = this.#options;
    const signal = AbortSignal.timeout(LOOK_TIMEOUT_MILLISECONDS);
    try {
      return await (readyPath === undefined
        ? accepts(url, signal)
        : answers(new URL(readyPath, url), signal));
    } catch (error) {
      return messageOf(error);
    }
  }
}

/** @throws an error if nothing accepts connections there */
async function accepts(url: URL, signal: AbortSignal): Promise<undefined> {
  const port = Number(url.port) || (url.protocol === 'http:' ? 80 : 443);
  const socket = connect({ port, host: url.hostname.replace(/^\[(.*)\]$/, '$1') });
  try {
    await once(socket, 'connect', { signal });
  } finally {
    socket.destroy();
  }
}

/** @returns what it answers instead of 2xx */
async function answers(url: URL, signal: AbortSignal): Promise<string | undefined> {
  const open = url.protocol === 'http:' ? httpRequest : httpsRequest;
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sent = open(url, { signal, agent: false }, (received) => {
    resolve(received.statusCode ?? 0);
    sent.destroy();
  });
  sent.on('error', reject).end();
  const status = await promise;
  return status >= 200 && status < 300 ? undefined : `${url.pathname} answers ${status}`;
}
