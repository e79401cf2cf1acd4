import { parseRetryAfter } from '../core/base/retry-after.ts';
import type { Api } from './api.ts';
import { WaitTimedOut } from './errors.ts';
import { askStatus, MAX_HELD_SECONDS, type RequestOptions } from './status.ts';
import { hasEnded, type RequestResource } from './types.ts';

/** How to wait for the end of a request. */
export interface WaitOptions extends RequestOptions {
  /** @default as long as it takes, or until the signal fires */
  readonly timeoutMilliseconds?: number;
  /** Told the request as it is seen first, and whenever it was seen to have changed: its status, its progress. */
  readonly onChange?: (request: RequestResource) => void;
}

/** With somebody who watches progress the API is asked as often as progress is recorded. */
const WATCHED_SECONDS = 5;

/** An API that doesn't hold its answers back is asked no more often, unless it says otherwise. */
const POLL_SECONDS = 1;

/** Asks until the request has ended. @throws WaitTimedOut, ApiError, ConnectionFailed, the signal's reason */
export async function waitForEnd(api: Api, id: string, options: WaitOptions): Promise<RequestResource> {
  const { timeoutMilliseconds, onChange, source, signal } = options;
  const waiting = new Waiting(api, id, { source, onChange });
  if (timeoutMilliseconds === undefined) return waiting.run(signal);
  const timeout = AbortSignal.timeout(timeoutMilliseconds);
  try {
    return await waiting.run(signal ? AbortSignal.any([signal, timeout]) : timeout, timeoutMilliseconds);
  } catch (error) {
    if (error !== timeout.reason) throw error;
    throw new WaitTimedOut(id, timeoutMilliseconds, waiting.seen, error);
  }
}

class Waiting {
  readonly #api: Api;
  readonly #id: string;
  readonly #options: Pick<WaitOptions, 'source' | 'onChange'>;
  seen?: RequestResource;

  constructor(api: Api, id: string, options: Pick<WaitOptions, 'source' | 'onChange'>) {
    this.#api = api;
    this.#id = id;
    this.#options = options;
  }

  async run(signal?: AbortSignal, milliseconds = Number.POSITIVE_INFINITY): Promise<RequestResource> {
    const { now, sleep } = this.#api.timing;
    const { source, onChange } = this.#options;
    const endsAt = now() + milliseconds;
    for (;;) {
      const askedAt = now();
      const heldSeconds = Math.min(onChange ? WATCHED_SECONDS : MAX_HELD_SECONDS, (endsAt - askedAt) / 1000);
      const { request, answer } = await askStatus(this.#api, this.#id, { source, signal }, heldSeconds);
      this.#see(request);
      if (hasEnded(request)) return request;
      const pauseSeconds = parseRetryAfter(answer.headers.get('retry-after'), now()) ?? POLL_SECONDS;
      const nextAt = askedAt + pauseSeconds * 1000;
      if (nextAt > now()) await sleep(nextAt - now(), signal);
    }
  }

  #see(request: RequestResource): void {
    const changed = JSON.stringify(request) !== JSON.stringify(this.seen);
    this.seen = request;
    if (changed) this.#options.onChange?.(request);
  }
}
