import type { ExitStatus } from './exit-status.ts';

/** One run of the program. */
export interface Run {
  /** Aborted when the user interrupts the program. */
  readonly signal: AbortSignal;
  readonly exit: ExitStatus;
}
