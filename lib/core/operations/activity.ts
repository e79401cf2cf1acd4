import {
  ACTIVITY_BUCKET_SECONDS,
  ACTIVITY_FIGURES,
  type ActivityFigure,
  type ActivityLog,
} from '../ports/activity-log.ts';

/** The counts of one bucket. */
export interface ActivityBucket extends Readonly<Record<ActivityFigure, number>> {
  /** When it begins, in milliseconds since 1970. */
  readonly at: number;
}

/** The activity of a service in its last hours. */
export interface Activity {
  /** When the first bucket begins, in milliseconds since 1970. */
  readonly from: number;
  /** When it was read, in milliseconds since 1970. The last bucket isn't over then. */
  readonly to: number;
  /** All buckets, in order of time. */
  readonly buckets: readonly ActivityBucket[];
  readonly missing: readonly ActivityFigure[];
}

const BUCKET_MILLISECONDS = ACTIVITY_BUCKET_SECONDS * 1_000;

const NONE: Readonly<Record<ActivityFigure, number>> = {
  submitted: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
};

/** Reads the buckets of the last hours, with the current one as the last. @param now milliseconds since 1970 */
export async function activityOf(log: ActivityLog, hours: number, now: number): Promise<Activity> {
  const end = Math.floor(now / BUCKET_MILLISECONDS + 1) * BUCKET_MILLISECONDS;
  const from = end - hours * 3_600_000;
  const { counts, missing } = await log.read(from, end);
  const buckets = Array.from({ length: (end - from) / BUCKET_MILLISECONDS }, (_, index) => ({
    at: from + index * BUCKET_MILLISECONDS,
    ...NONE,
  }));
  for (const { at, figure, count } of counts) {
    const bucket = buckets[(at - from) / BUCKET_MILLISECONDS];
    if (bucket) bucket[figure] += count;
  }
  return { from, to: now, buckets, missing };
}

/** Sums of the figures of all buckets. */
export function totalsOf(buckets: readonly Omit<ActivityBucket, 'at'>[]): Record<ActivityFigure, number> {
  const totals = { ...NONE };
  for (const bucket of buckets) for (const figure of ACTIVITY_FIGURES) totals[figure] += bucket[figure];
  return totals;
}
