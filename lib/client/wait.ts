import { parseRetryAfter } from '../core/base/retry-after.ts';
import type { Api } from './api.ts';
import { WaitTimedOut } from './errors.ts';
import { hasEnded, type RequestResource } from './request.ts';
import { getRequest, MAX_HELD_SECONDS, type RequestOptions } from './status.ts';

/** Options of waiting for a request. */
export interface WaitOptions extends RequestOptions {
  /** @default no limit */
  readonly timeoutMilliseconds?: number;
  /** Called with the request at first, and whenever its status, its progress or what it waits for has changed. */
  readonly onChange?: (request: RequestResource) => void;
}

/** Longest held answer with `onChange`: the interval in which progress is recorded. */
const WATCHED_HOLD_SECONDS = 5;

/** Poll interval of an API that doesn't hold its answers, unless it sends `Retry-After`. */
const POLL_SECONDS = 1;

/** Polls until the request has ended. @throws WaitTimedOut, ApiError, ConnectionFailed, the signal's reason */
export async function waitForEnd(api: Api, id: string, options: WaitOptions): Promise<RequestResource> {
  const { timeoutMilliseconds, onChange, source, tenant, signal } = options;
  const waiter = new Waiter(api, id, { source, tenant, onChange });
  if (timeoutMilliseconds === undefined) return waiter.run(signal);
  const timeout = AbortSignal.timeout(timeoutMilliseconds);
  try {
    return await waiter.run(signal ? AbortSignal.any([signal, timeout]) : timeout, timeoutMilliseconds);
  } catch (error) {
    if (error !== timeout.reason) throw error;
    throw new WaitTimedOut(id, timeoutMilliseconds, waiter.latest, error);
  }
}

class Waiter {
  readonly #api: Api;
  readonly #id: string;
  readonly #options: Pick<WaitOptions, 'source' | 'tenant' | 'onChange'>;
  latest?: RequestResource;

  constructor(api: Api, id: string, options: Pick<WaitOptions, 'source' | 'tenant' | 'onChange'>) {
    this.#api = api;
    this.#id = id;
    this.#options = options;
  }

  async run(signal?: AbortSignal, milliseconds = Number.POSITIVE_INFINITY): Promise<RequestResource> {
    const { now, sleep } = this.#api.timing;
    const { source, tenant, onChange } = this.#options;
    const endsAt = now() + milliseconds;
    for (;;) {
      const askedAt = now();
      const heldSeconds = Math.min(
        onChange ? WATCHED_HOLD_SECONDS : MAX_HELD_SECONDS,
        (endsAt - askedAt) / 1000,
      );
      const { request, answer } = await getRequest(
        this.#api,
        this.#id,
        { source, tenant, signal },
        heldSeconds,
      );
      this.#update(request);
      if (hasEnded(request)) return request;
      const pauseSeconds = parseRetryAfter(answer.headers.get('retry-after'), now()) ?? POLL_SECONDS;
      const nextAt = askedAt + pauseSeconds * 1000;
      if (nextAt > now()) await sleep(nextAt - now(), signal);
    }
  }

  #update(request: RequestResource): void {
    const changed = JSON.stringify(request) !== JSON.stringify(this.latest);
    this.latest = request;
    if (changed) this.#options.onChange?.(request);
  }
}
