import { setMaxListeners } from 'node:events';

/** Share of an invocation's time kept for ending it in order: storing, publishing, handing back. */
const RESERVE_SHARE = 0.1;

const RESERVE_MIN_MILLISECONDS = 500;

const RESERVE_MAX_MILLISECONDS = 10_000;

/** Share of the time until handlers should stop that some may be kept waiting for others. */
const LATEST_START_SHARE = 0.25;

/** How far apart the clocks of two hosts may be. */
export const CLOCK_SKEW_MILLISECONDS = 1_000;

/**
 * The time a batch has. Handlers are told to stop when the reserve begins, are given up when half of it is gone, and
 * recording and publication are given up just before the invocation would be killed, so that what was finished is
 * acknowledged.
 */
export class Shift implements Disposable {
  readonly startedAt: number;
  /** When {@link stopping} fires, in milliseconds since 1970. */
  readonly stopsAt: number;
  /** Until when nobody else may run what this batch runs, in milliseconds since 1970. */
  readonly leaseEndsAt: number;
  /** Fires when whatever is to run should have begun: a handler may need most of the time. */
  readonly latestStart: AbortSignal;
  /** Fires when handlers should stop. */
  readonly stopping: AbortSignal;
  /** Fires when what isn't over is given up. */
  readonly over: AbortSignal;
  /** Fires when what isn't recorded is given up: the time left is for publishing the rest. */
  readonly settling: AbortSignal;
  /** Fires when the last answer must be given. */
  readonly closing: AbortSignal;
  readonly #timers: NodeJS.Timeout[] = [];

  /**
   * @param now milliseconds since 1970
   * @param deadlineAt when the invocation is killed, in milliseconds since 1970
   */
  constructor(now: number, deadlineAt: number) {
    const reserve = Math.min(
      Math.max((deadlineAt - now) * RESERVE_SHARE, RESERVE_MIN_MILLISECONDS),
      RESERVE_MAX_MILLISECONDS,
    );
    this.startedAt = now;
    this.stopsAt = deadlineAt - reserve;
    this.leaseEndsAt = deadlineAt + CLOCK_SKEW_MILLISECONDS;
    this.latestStart = this.#signalAfter((this.stopsAt - now) * LATEST_START_SHARE);
    this.stopping = this.#signalAfter(this.stopsAt - now);
    this.over = this.#signalAfter(deadlineAt - reserve / 2 - now);
    this.settling = this.#signalAfter(deadlineAt - reserve * 0.3 - now);
    this.closing = this.#signalAfter(deadlineAt - reserve / 10 - now);
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
