import type { CountName, DistributionName } from '../config/metric-names.ts';
import type { CountedCode } from '../model/failure-codes.ts';

/** Counts the API calls that are held until a request ends, across all instances. */
export interface HeldCalls {
  /**
   * Whether one more call may be held; if so, counts it. Nothing decrements the count: it limits how many calls begin to
   * be held, not how many are held.
   * @param now milliseconds since 1970
   */
  mayHold(now: number): Promise<boolean>;
}

/** Work that a service has done. */
export interface WorkDone {
  /** Requests whose outcome was published. */
  readonly completed: number;
  /** Attempts whose handler ran, successfully or not. */
  readonly handled: number;
  /** Total time that these attempts held slots. */
  readonly milliseconds: number;
  /** How often slots were given back: once for all attempts of a batch, which give theirs back together. */
  readonly releases: number;
  /** Sum of the squares of the times that were given back, in square milliseconds. */
  readonly squares: number;
}

/** A time in which nothing starts. */
export interface NotedPause {
  /** In milliseconds since 1970. */
  readonly until: number;
  /** Why, in words for people; empty if unknown. */
  readonly reason: string;
  /** When an operator asked for it, in milliseconds since 1970; absent if the service paused by itself. */
  readonly since?: number;
  /** The operator who asked for it, if the host knows. */
  readonly by?: string;
}

/** Recent work. */
export interface RecentWork extends WorkDone {
  /** The length of the period in which it was done. */
  readonly seconds: number;
  /** The same work by windows of 10 seconds, the latest first. Windows without any may be missing. */
  readonly windows: readonly Pick<WorkDone, 'handled' | 'milliseconds'>[];
  /** Of the pause that was noted last and that of an operator the one that ends later, whether or not it is over. */
  readonly pause?: NotedPause;
}

/**
 * The recent work of all instances of a service. Approximate: work may be missing or, rarely, counted twice, and its
 * time is when it was added.
 */
export interface LoadLog {
  /** @param at milliseconds since 1970 */
  add(at: number, work: WorkDone): Promise<void>;
  /** Notes a pause in place of the one before. */
  notePause(pause: NotedPause): Promise<void>;
  /** The work of about the last minute. @param now milliseconds since 1970 */
  recent(now: number): Promise<RecentWork>;
}

/** The metrics of a batch. */
export interface BatchFigures {
  /** Absent counts are 0. */
  readonly counts: Readonly<Partial<Record<CountName, number>>>;
  /** All measured values, in the units of {@link DISTRIBUTIONS}. */
  readonly values: Readonly<Record<DistributionName, readonly number[]>>;
  /** Failures by code. Absent codes are 0. */
  readonly failures: ReadonlyMap<CountedCode, number>;
}

/** Sends metrics. Nothing confirms them, and they may get lost. */
export interface Metrics {
  emit(figures: BatchFigures): void;
}

/** A structured logger, such as that of Powertools. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Creates a logger that adds these fields to every line. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
}
