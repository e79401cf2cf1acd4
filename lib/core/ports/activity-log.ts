import { OUTCOME_STATUSES } from '../config/outcome-statuses.ts';

/** What an activity log counts: requests that were submitted, and those that ended, by their outcome. */
export const ACTIVITY_FIGURES = ['submitted', ...OUTCOME_STATUSES] as const;

/** What an activity log counts. */
export type ActivityFigure = (typeof ACTIVITY_FIGURES)[number];

/** Length of a bucket. CloudWatch keeps this resolution for 63 days. */
export const ACTIVITY_BUCKET_SECONDS = 300;

/** Most hours that are counted, so that a log on a disk stays small. */
export const MAX_ACTIVITY_HOURS = 24;

/** A count of one bucket. */
export interface ActivityCount {
  /** When the bucket begins, in milliseconds since 1970: a multiple of {@link ACTIVITY_BUCKET_SECONDS}. */
  readonly at: number;
  readonly figure: ActivityFigure;
  readonly count: number;
}

/** What an activity log has of a time. */
export interface LoggedActivity {
  /** One for each bucket and figure; absent ones are 0. */
  readonly counts: readonly ActivityCount[];
  /** Figures without any data, which may be lost: their counts aren't known to be 0. Empty if the log counts exactly. */
  readonly missing: readonly ActivityFigure[];
}

/**
 * Requests that were submitted and that ended, by time. A request that is redriven ends again, and counts again.
 */
export interface ActivityLog {
  /** @param from when the first bucket begins, in milliseconds since 1970 @param to when the last one ends */
  read(from: number, to: number): Promise<LoggedActivity>;
}
