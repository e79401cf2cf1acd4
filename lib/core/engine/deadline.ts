import { setMaxListeners } from 'node:events';

/** Share of an invocation's time kept for ending it in order: storing, publishing, handing back. */
const RESERVE_SHARE = 0.1;

const RESERVE_MIN_MILLISECONDS = 500;

const RESERVE_MAX_MILLISECONDS = 10_000;

/** Share of the time until handlers should stop that some may be kept waiting for others. */
const LATEST_START_SHARE = 0.25;

/** How far apart the clocks of two hosts may be. */
export const CLOCK_SKEW_MILLISECONDS = 1_000;

/** What a {@link Deadline} is made of. */
export interface DeadlineOptions {
  /**
   * How long a lease is, in seconds, where the host's heartbeat renews it: a process that is killed frees its requests
   * within that time. Absent where the process is killed at the deadline at the latest: then a lease lasts until it is,
   * without a renewal to pay for.
   */
  readonly leaseSeconds?: number;
}

/**
 * The time there is for running messages. Handlers are asked to stop when the reserve begins and are given up when half of
 * it is gone. Recording and publication are given up just before the process is killed, so that what is finished is
 * acknowledged.
 */
export class Deadline implements Disposable {
  readonly startedAt: number;
  /** When {@link handlerStop} fires, in milliseconds since 1970. */
  readonly stopsAt: number;
  readonly leaseSeconds: number | undefined;
  /** Fires when every handler should have begun: one may need most of the time. */
  readonly startDeadline: AbortSignal;
  /** Fires when handlers should stop. */
  readonly handlerStop: AbortSignal;
  /** Fires when handlers that still run are given up. */
  readonly handlerDeadline: AbortSignal;
  /** Fires when what isn't recorded is given up: the time left is for publishing the rest. */
  readonly recordDeadline: AbortSignal;
  /** Fires when the host must answer. */
  readonly responseDeadline: AbortSignal;
  readonly #killedAt: number;
  readonly #timers: NodeJS.Timeout[] = [];

  /**
   * @param now milliseconds since 1970
   * @param killedAt when the process is killed, in milliseconds since 1970
   */
  constructor(now: number, killedAt: number, { leaseSeconds }: DeadlineOptions = {}) {
    const reserve = Math.min(
      Math.max((killedAt - now) * RESERVE_SHARE, RESERVE_MIN_MILLISECONDS),
      RESERVE_MAX_MILLISECONDS,
    );
    this.startedAt = now;
    this.stopsAt = killedAt - reserve;
    this.leaseSeconds = leaseSeconds;
    this.#killedAt = killedAt;
    this.startDeadline = this.#signalAfter((this.stopsAt - now) * LATEST_START_SHARE);
    this.handlerStop = this.#signalAfter(this.stopsAt - now);
    this.handlerDeadline = this.#signalAfter(killedAt - reserve / 2 - now);
    this.recordDeadline = this.#signalAfter(killedAt - reserve * 0.3 - now);
    this.responseDeadline = this.#signalAfter(killedAt - reserve / 10 - now);
  }

  /**
   * Until when a request that is claimed or renewed now belongs to its attempt, in milliseconds since 1970.
   * @param now milliseconds since 1970
   */
  leaseEndsAt(now: number): number {
    const leased =
      this.leaseSeconds === undefined ? Number.POSITIVE_INFINITY : now + this.leaseSeconds * 1000;
    return Math.min(leased, this.#killedAt + CLOCK_SKEW_MILLISECONDS);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #signalAfter(milliseconds: number): AbortSignal {
    const controller = new AbortController();
    // Every call that the SDK makes with it listens.
    setMaxListeners(0, controller.signal);
    if (milliseconds <= 0) controller.abort();
    else this.#timers.push(setTimeout(() => controller.abort(), milliseconds));
    return controller.signal;
  }
}
