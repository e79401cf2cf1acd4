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

/** Longest delay of a timer, in milliseconds: a longer one fires at once. */
const TIMER_MAX_MILLISECONDS = 2 ** 31 - 1;

/**
 * The remaining time to run messages. It may be unlimited until the host says when it ends. The last part of it is a
 * reserve. Handlers are asked to stop when the reserve begins, and abandoned when half of it is used. Recording and
 * publishing stop just before the process is killed, so that finished messages are acknowledged.
 */
export class Deadline implements Disposable {
  readonly startedAt: number;
  readonly leaseSeconds: number | undefined;
  readonly #controllers = {
    isolationDeadline: newController(),
    startDeadline: newController(),
    handlerStop: newController(),
    handlerDeadline: newController(),
    recordDeadline: newController(),
    responseDeadline: newController(),
  };
  #stopsAt = Number.POSITIVE_INFINITY;
  #killedAt = Number.POSITIVE_INFINITY;
  #timers: NodeJS.Timeout[] = [];

  /**
   * @param now milliseconds since 1970
   * @param killedAt when the process is killed, in milliseconds since 1970; infinite if unknown
   */
  constructor(now: number, killedAt: number, { leaseSeconds }: DeadlineOptions = {}) {
    this.startedAt = now;
    this.leaseSeconds = leaseSeconds;
    if (Number.isFinite(killedAt)) this.#end(killedAt, now);
  }

  /** Fires when handlers no longer start one at a time, since each may need most of the time that is left. */
  get isolationDeadline(): AbortSignal {
    return this.#controllers.isolationDeadline.signal;
  }

  /** Fires when no more handlers start: waiting messages go back. */
  get startDeadline(): AbortSignal {
    return this.#controllers.startDeadline.signal;
  }

  /** Fires when handlers should stop. */
  get handlerStop(): AbortSignal {
    return this.#controllers.handlerStop.signal;
  }

  /** Fires when handlers that are still running are abandoned. */
  get handlerDeadline(): AbortSignal {
    return this.#controllers.handlerDeadline.signal;
  }

  /** Fires when recording stops. The remaining time is for publishing recorded outcomes. */
  get recordDeadline(): AbortSignal {
    return this.#controllers.recordDeadline.signal;
  }

  /** Fires when the host must respond. */
  get responseDeadline(): AbortSignal {
    return this.#controllers.responseDeadline.signal;
  }

  /** Whether the process goes on to take requests, so that what it leased is worth keeping. */
  get keepsUnused(): boolean {
    return this.leaseSeconds !== undefined && !this.startDeadline.aborted;
  }

  /** When {@link handlerStop} fires, in milliseconds since 1970; infinite while the time is unlimited. */
  get stopsAt(): number {
    return this.#stopsAt;
  }

  /**
   * Lets no more handlers start, and sets the time when running ones must end, since the host is about to stop. However early
   * that is, the reserve stays: handlers that stop when they are asked to can give their requests back.
   * @param killedAt when the process is killed, in milliseconds since 1970
   * @param now milliseconds since 1970
   */
  drain(killedAt: number, now: number): void {
    this.#controllers.startDeadline.abort();
    this.#end(Math.min(Math.max(killedAt, now + RESERVE_MIN_MILLISECONDS), this.#killedAt), now);
  }

  #end(killedAt: number, now: number): void {
    const reserve = Math.min(
      Math.max((killedAt - now) * RESERVE_SHARE, RESERVE_MIN_MILLISECONDS),
      RESERVE_MAX_MILLISECONDS,
    );
    this.#stopsAt = killedAt - reserve;
    this.#killedAt = killedAt;
    this[Symbol.dispose]();
    const { isolationDeadline, startDeadline, handlerStop, ...later } = this.#controllers;
    this.#abortAfter((this.#stopsAt - now) * LATEST_START_SHARE, isolationDeadline);
    this.#abortAfter(this.#stopsAt - now, startDeadline);
    this.#abortAfter(this.#stopsAt - now, handlerStop);
    this.#abortAfter(killedAt - reserve / 2 - now, later.handlerDeadline);
    this.#abortAfter(killedAt - reserve * 0.3 - now, later.recordDeadline);
    this.#abortAfter(killedAt - reserve / 10 - now, later.responseDeadline);
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
    this.#timers = [];
  }

  #abortAfter(milliseconds: number, controller: AbortController): void {
    if (milliseconds <= 0) controller.abort();
    else if (milliseconds <= TIMER_MAX_MILLISECONDS) {
      this.#timers.push(setTimeout(() => controller.abort(), milliseconds));
    }
  }
}

function newController(): AbortController {
  const controller = new AbortController();
  // Every call of the AWS SDK adds a listener; Node warns from the eleventh.
  setMaxListeners(0, controller.signal);
  return controller;
}
