import { setMaxListeners } from 'node:events';

/** Share of an invocation's time reserved for an orderly end: recording, publishing, returning messages. */
const RESERVE_SHARE = 0.1;

const RESERVE_MIN_MILLISECONDS = 500;

const RESERVE_MAX_MILLISECONDS = 10_000;

/** Share of the time until {@link Deadline.handlerStop} in which handlers may start. */
const LATEST_START_SHARE = 0.25;

/** Largest difference between the clocks of two hosts. */
export const CLOCK_SKEW_MILLISECONDS = 1_000;

/** Options of a {@link Deadline}. */
export interface DeadlineOptions {
  /**
   * Length of a lease in seconds, if the host renews leases by a heartbeat. A killed process frees its requests within
   * that time. Absent if the process never outlives the deadline: a lease then lasts until the deadline, which saves
   * the writes that renew it.
   */
  readonly leaseSeconds?: number;
}

/**
 * The time that is left to run messages. The last part of it is a reserve. Handlers are asked to stop when the reserve
 * begins, and abandoned when half of it is used. Recording and publishing stop just before the process is killed, so
 * that the messages that are finished are acknowledged.
 */
export class Deadline implements Disposable {
  readonly startedAt: number;
  /** When {@link handlerStop} fires, in milliseconds since 1970. */
  readonly stopsAt: number;
  readonly leaseSeconds: number | undefined;
  /** Fires when no more handlers should start, since a handler may need most of the time. */
  readonly startDeadline: AbortSignal;
  /** Fires when handlers should stop. */
  readonly handlerStop: AbortSignal;
  /** Fires when handlers that are still running are abandoned. */
  readonly handlerDeadline: AbortSignal;
  /** Fires when recording stops: the time that is left is for publishing what is recorded. */
  readonly recordDeadline: AbortSignal;
  /** Fires when the host must respond. */
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
   * When a lease that is taken or renewed now expires, in milliseconds since 1970.
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
    // Every call of the AWS SDK adds a listener; Node warns from the eleventh.
    setMaxListeners(0, controller.signal);
    if (milliseconds <= 0) controller.abort();
    else this.#timers.push(setTimeout(() => controller.abort(), milliseconds));
    return controller.signal;
  }
}
