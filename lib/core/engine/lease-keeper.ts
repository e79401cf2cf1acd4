import { requestFields } from '../base/log-fields.ts';
import { serializeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { Lease } from '../records/lease.ts';
import type { Deadline } from './deadline.ts';

/**
 * Time between two ticks. All leases that are due at a tick are renewed or checked together, so that a store can do it
 * in one call.
 */
const TICK_MILLISECONDS = 5_000;

/** Ticks between two renewals or checks of a lease. A handler that takes less costs nothing. */
const TICKS = 2;

/** A lease that is kept until it is disposed. */
export interface KeptLease extends AsyncDisposable {
  /** Fires when the request is cancelled or taken over by another attempt. */
  readonly lost: AbortSignal;
}

interface Kept {
  readonly lease: Lease;
  readonly deadline: Deadline;
  readonly lost: AbortController;
  ticks: number;
  beating: Promise<void> | undefined;
}

/**
 * Keeps the leases of running attempts: renews those that expire before the host's deadline, at least 15 seconds long,
 * and looks at the records of the others, so that a handler learns that its request was cancelled.
 */
export class LeaseKeeper {
  readonly #now: () => number;
  readonly #logger: Logger;
  readonly #kept = new Set<Kept>();
  #timer: NodeJS.Timeout | undefined;

  constructor(now: () => number, logger: Logger) {
    this.#now = now;
    this.#logger = logger;
  }

  /** Keeps a lease until it is disposed. */
  keep(lease: Lease, deadline: Deadline): KeptLease {
    const kept: Kept = { lease, deadline, lost: new AbortController(), ticks: 0, beating: undefined };
    this.#kept.add(kept);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MILLISECONDS).unref();
    const { lost } = kept;
    return {
      lost: lost.signal,
      [Symbol.asyncDispose]: async () => {
        this.#kept.delete(kept);
        // A beat that gets no answer must not hold the attempt for ever.
        if (kept.beating) await unlessAborted(kept.beating, deadline.recordDeadline, () => {});
      },
    };
  }

  #tick(): void {
    if (this.#kept.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const kept of this.#kept) {
      if (++kept.ticks < TICKS || kept.beating) continue;
      kept.ticks = 0;
      kept.beating = this.#beat(kept).finally(() => {
        kept.beating = undefined;
      });
    }
  }

  async #beat({ lease, deadline, lost }: Kept): Promise<void> {
    try {
      const isHeld =
        deadline.leaseSeconds === undefined
          ? await lease.isHeld()
          : await lease.renew(deadline.leaseEndsAt(this.#now()));
      if (!isHeld) lost.abort();
    } catch (error) {
      const fields = { ...requestFields(lease.request), error: serializeError(error) };
      this.#logger.warn('The lease could not be renewed or checked', fields);
    }
  }
}
