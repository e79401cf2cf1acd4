import type { ExitStatus } from './exit-status.ts';

/** One run of the program. */
export interface Run {
  /** Fires when the user wants it to end. */
  readonly signal: AbortSignal;
  readonly exit: ExitStatus;
}
