import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../core/ports/telemetry.ts';

/** How often a worker that stands by asks for the lease. */
const STANDBY_MILLISECONDS = 1_000;

/** Renewals within the lease: two may be late. */
const BEATS = 3;

/** Where a server keeps a lease. It ends by itself if its holder doesn't take it again in time. */
export interface LeaseStore {
  /** Takes or renews the lease. @returns false if another worker has it */
  take(): Promise<boolean>;
  /** Ends the lease of this worker. */
  release(): Promise<void>;
}

/** How to hold an {@link ExclusiveLease}. */
export interface ExclusiveLeaseOptions {
  readonly store: LeaseStore;
  /** How long the lease lasts if it isn't renewed. */
  readonly seconds: number;
  /** The queue that the lease is for, in log lines. */
  readonly queue: string;
  readonly logger: Logger;
  /** Called when it is lost, or the server doesn't answer. */
  readonly onLost: (reason: Error) => void;
}

/** The right to be the only worker that receives from a queue, where the server itself delivers to all of them. */
export class ExclusiveLease implements AsyncDisposable {
  readonly #options: ExclusiveLeaseOptions;
  readonly #held = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  readonly #keeping: Promise<void>;
  #isHeld = false;

  constructor(options: ExclusiveLeaseOptions) {
    this.#options = options;
    this.#held.promise.catch(() => {});
    this.#keeping = this.#keep();
  }

  /** Resolves when the lease is held. Rejects if it is lost or given up first. */
  get held(): Promise<void> {
    return this.#held.promise;
  }

  async #keep(): Promise<void> {
    const { store, seconds, queue, logger, onLost } = this.#options;
    const { signal } = this.#closing;
    let standsBy = false;
    while (!signal.aborted) {
      try {
        const isOurs = await store.take();
        if (this.#isHeld && !isOurs) throw new Error(`another worker receives from ${queue} now`);
        if (!isOurs && !standsBy) logger.info('This worker stands by: another one receives', { queue });
        if (isOurs && standsBy) logger.info('This worker receives now', { queue });
        standsBy = !isOurs;
        this.#isHeld = isOurs;
        if (isOurs) this.#held.resolve();
      } catch (error) {
        const reason = error instanceof Error ? error : new Error(String(error));
        this.#held.reject(reason);
        if (!signal.aborted) onLost(reason);
        return;
      }
      const wait = this.#isHeld ? (seconds * 1_000) / BEATS : STANDBY_MILLISECONDS;
      await sleep(wait, undefined, { signal }).catch(() => {});
    }
  }

  /** Stops without a call to the server: the connection is lost. */
  abandon(reason: Error): void {
    this.#closing.abort();
    this.#held.reject(reason);
  }

  /** Gives it up, so that another worker has it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.abandon(new Error('the queue was closed'));
    await this.#keeping;
    if (this.#isHeld) await this.#options.store.release();
  }
}
