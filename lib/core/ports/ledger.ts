import type { OutcomeStatus } from '../config/settings.ts';

/** What a service counts of its requests, since its records began. Each request is in one figure besides `accepted`. */
export interface LedgerFigures {
  /** Requests whose first record was written. Counted when that happens, and not from the records. */
  readonly accepted: number;
  /** Requests that have ended, except for those in {@link deadLettered}. Those whose record is no longer kept are among them. */
  readonly ended: Readonly<Record<OutcomeStatus, number>>;
  /** Requests that wait for their payload, their time or an attempt, and whose message is there if they have one. */
  readonly waiting: number;
  /** Requests with an attempt that runs, or is to be taken over, and whose message is there. */
  readonly running: number;
  /** Requests that used up their attempts, whose record is still kept. */
  readonly deadLettered: number;
}

/** Counts the requests of a service. */
export interface LedgerBook {
  /** Reads all figures as of one moment. */
  read(): Promise<LedgerFigures>;
}
