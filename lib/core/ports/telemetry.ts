import type { CountName, DistributionName } from '../config/metric-names.ts';
import type { CountedCode } from '../model/failure-codes.ts';

/** Counts the calls of the API that are held until a request ends, of all its instances. */
export interface HeldCalls {
  /**
   * Whether one more call may be held, counting it if so. It isn't counted down: calls are bounded that begin to be
   * held, not those that are.
   * @param now milliseconds since 1970
   */
  mayHold(now: number): Promise<boolean>;
}

/** Work a service has done. */
export interface WorkDone {
  /** Requests whose outcome was published. */
  readonly completed: number;
  /** Attempts whose handler ran, whatever came of them. */
  readonly handled: number;
  /** How long these held slots, in all. */
  readonly milliseconds: number;
}

/** Work done lately. */
export interface RecentWork extends WorkDone {
  /** The time it was done in. */
  readonly seconds: number;
}

/**
 * What all instances of a service have done lately. Leaves out exactness: work may be missing or, rarely, counted
 * twice, and counts as done when it was added.
 */
export interface LoadLog {
  /** @param at milliseconds since 1970 */
  add(at: number, work: WorkDone): Promise<void>;
  /** The work of about the last minute. @param now milliseconds since 1970 */
  recent(now: number): Promise<RecentWork>;
}

/** Figures of a batch. */
export interface BatchFigures {
  /** Those left out are none. */
  readonly counts: Readonly<Partial<Record<CountName, number>>>;
  /** Every value that was measured, in the unit of {@link DISTRIBUTIONS}; none where nothing was. */
  readonly values: Readonly<Record<DistributionName, readonly number[]>>;
  /** Failures by code; those left out are none. */
  readonly failures: ReadonlyMap<CountedCode, number>;
}

/** Where figures go. Leaves out answers: they are on their way when it returns, and may get lost. */
export interface Metrics {
  emit(figures: BatchFigures): void;
}

/** Structured logging, as Powertools and others have it. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** A logger that adds these fields to every line. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
}
