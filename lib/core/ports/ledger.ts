import type { VerdictName } from '../config/audit-verdicts.ts';
import type { OutcomeStatus } from '../config/outcome-statuses.ts';

/** What a service counts of its requests, since its records began. Each request is in one figure besides `accepted`. */
export interface LedgerFigures {
  /** Requests whose first record was written. Counted when that happens, and not from the records, unless an audit counts. */
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

/** The requests of a service: what was accepted, and where it is now. */
export interface Ledger extends LedgerFigures {
  /** Accepted requests that are in no other figure: 0, or requests are lost. Less than 0 if records come from nowhere. */
  readonly drift: number;
  /** When it was read, in milliseconds since 1970; if an audit read it, when that began. */
  readonly at: number;
  /** What the audit says that read it; undefined if the ledger was counted itself. */
  readonly audit?: LedgerAudit;
}

/** The audit that a ledger comes from. Its figures are of the requests whose records are kept. */
export interface LedgerAudit {
  /** How many findings have a verdict. A request may have several. */
  readonly verdicts: VerdictCounts;
  /** How long it took, in seconds. */
  readonly seconds: number;
}

/** Findings by their verdicts. One without findings is left out. */
export type VerdictCounts = Readonly<Partial<Record<VerdictName, number>>>;

/** Counts the requests of a service. */
export interface LedgerBook {
  /** Reads all figures as of one moment. */
  read(): Promise<LedgerFigures>;
}

/** Reads the ledger of a service. */
export interface LedgerReader {
  /** @returns undefined if there is none */
  read(): Promise<Ledger | undefined>;
}

/** Keeps the ledger that an audit read. */
export interface LedgerKeeper {
  /** Replaces an earlier one. */
  keep(ledger: Ledger): Promise<void>;
}
