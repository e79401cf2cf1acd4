import { startHeartbeat } from '../core/base/heartbeat.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Logger } from '../core/ports/telemetry.ts';

/** Keeps the host of a process from stopping it, where the host can be asked to. */
export interface ScaleInProtection {
  /** Protects the process for some minutes from now on. @throws an error if the host refuses */
  protect(minutes: number): Promise<void>;
  /** Ends the protection. @throws an error if the host refuses */
  release(): Promise<void>;
}

/** Options of {@link protectWhileBusy}. */
export interface ProtectionOptions {
  readonly protection: ScaleInProtection;
  /** Whether the process works on something. */
  isBusy(): boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds between two checks. @default 1,000 */
  readonly intervalMilliseconds?: number;
}

/** How long a protection lasts unless it is renewed: a process that hangs may be stopped after that time. */
export const PROTECTION_MINUTES = 15;

/** When a protection is renewed. Two renewals may fail. */
const RENEWAL_MILLISECONDS = 300_000;

/** How long a process stays protected after its last work, so that short jobs don't need two calls each. */
const IDLE_MILLISECONDS = 30_000;

/** Wait after a call that failed. */
const RETRY_MILLISECONDS = 30_000;

/**
 * Protects the process while it is busy, until it is disposed of. A failed call is logged and repeated: without
 * protection a stop costs more, as the jobs that don't end within the grace time start again elsewhere, but loses
 * nothing.
 */
export function protectWhileBusy({
  intervalMilliseconds = 1_000,
  ...options
}: ProtectionOptions): AsyncDisposable {
  const keeper = new ProtectionKeeper(options);
  return startHeartbeat({
    intervalMilliseconds,
    beat: () => keeper.keep(),
    onError: (error) =>
      options.logger.warn('The scale-in protection of this task could not be changed', {
        error: serializeError(error),
      }),
  });
}

class ProtectionKeeper {
  readonly #options: Omit<ProtectionOptions, 'intervalMilliseconds'>;
  #busyAt = Number.NEGATIVE_INFINITY;
  /** Whether the process may be protected. */
  #isProtected = false;
  #renewAt = 0;
  #retryAt = 0;

  constructor(options: Omit<ProtectionOptions, 'intervalMilliseconds'>) {
    this.#options = options;
  }

  /** Starts, renews or ends the protection if that is due. */
  async keep(): Promise<void> {
    const { clock, isBusy } = this.#options;
    const now = clock.now();
    if (isBusy()) this.#busyAt = now;
    if (now < this.#retryAt) return;
    const isWanted = now - this.#busyAt < IDLE_MILLISECONDS;
    if (isWanted ? now < this.#renewAt : !this.#isProtected) return;
    this.#retryAt = now + RETRY_MILLISECONDS;
    await this.#set(isWanted);
    this.#renewAt = isWanted ? now + RENEWAL_MILLISECONDS : 0;
    this.#retryAt = 0;
  }

  async #set(isWanted: boolean): Promise<void> {
    const { protection } = this.#options;
    if (!isWanted) {
      await protection.release();
      this.#isProtected = false;
      return;
    }
    // A call that fails may have had its effect.
    this.#isProtected = true;
    await protection.protect(PROTECTION_MINUTES);
  }
}
