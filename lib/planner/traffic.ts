/** Requests that were submitted, by time, as a service counts them. */
export interface SubmittedByTime {
  /** When the first bucket begins, in RFC 3339. */
  readonly from: string;
  /** When they were counted: the last bucket isn't over then. */
  readonly to: string;
  readonly bucketSeconds: number;
  readonly buckets: readonly { readonly at: string; readonly submitted: number }[];
  /** Counts without any data, which aren't known to be 0. */
  readonly missing?: readonly string[];
}

/** What attempts took lately, as a service measures it. */
export interface AttemptsLately {
  readonly seconds: number;
  readonly attempts: number;
  readonly completed: number;
  readonly meanAttemptSeconds: number;
}

/** How fast requests arrive. */
export interface Arrivals {
  /** Requests that were counted, and in how many seconds. */
  readonly submitted: number;
  readonly seconds: number;
  readonly meanPerSecond: number;
  readonly peakPerSecond: number;
  /** When the bucket with most of them begins, in RFC 3339. */
  readonly peakAt: string;
  readonly peakSeconds: number;
}

/** Figures of a workload that a service can measure. */
export type MeasuredFigure = 'arrivals' | 'serviceSeconds' | 'attempts';

/** The traffic of a service, as far as it is known. */
export interface Traffic {
  readonly arrivals?: Arrivals;
  /** Mean time of an attempt. */
  readonly serviceSeconds?: number;
  /** Attempts of a request, on average. */
  readonly attempts?: number;
  /** Why figures are unknown; those that are known are absent. */
  readonly unknown: Readonly<Partial<Record<MeasuredFigure, string>>>;
}

/**
 * What a service says about its traffic.
 * @param submitted of the last hours; undefined if it doesn't count them
 * @param lately undefined if no attempt ended lately
 */
export function trafficOf(
  submitted: SubmittedByTime | undefined,
  lately: AttemptsLately | undefined,
): Traffic {
  const arrivals = arrivalsIn(submitted);
  const attempts = attemptsIn(lately);
  return {
    ...(typeof arrivals !== 'string' && { arrivals }),
    ...(lately && { serviceSeconds: lately.meanAttemptSeconds }),
    ...(typeof attempts !== 'string' && { attempts }),
    unknown: {
      ...(typeof arrivals === 'string' && { arrivals }),
      ...(!lately && { serviceSeconds: NONE_LATELY }),
      ...(typeof attempts === 'string' && { attempts }),
    },
  };
}

const NONE_LATELY = 'no attempt ended in the last minute';

/** The arrivals, or why they are unknown. */
function arrivalsIn(activity: SubmittedByTime | undefined): Arrivals | string {
  if (!activity)
    return 'the service shows no counts of requests: operators see them, on AWS with api: { activity: true }';
  const { from, to, buckets, bucketSeconds, missing = [] } = activity;
  if (missing.includes('submitted')) return 'CloudWatch has no data of submitted requests';
  const submitted = buckets.reduce((sum, bucket) => sum + bucket.submitted, 0);
  const [first, ...others] = buckets;
  if (!first || submitted === 0) return 'no request was submitted in the last hours';
  const peak = others.reduce((most, bucket) => (bucket.submitted > most.submitted ? bucket : most), first);
  const seconds = (Date.parse(to) - Date.parse(from)) / 1_000;
  return {
    submitted,
    seconds,
    meanPerSecond: submitted / seconds,
    peakPerSecond: peak.submitted / bucketSeconds,
    peakAt: peak.at,
    peakSeconds: bucketSeconds,
  };
}

/** Attempts of a request, or why they are unknown. Those that began before the measured time make a mean below 1 possible. */
function attemptsIn(lately: AttemptsLately | undefined): number | string {
  if (!lately) return NONE_LATELY;
  if (lately.completed === 0) return 'no request ended in the last minute';
  return Math.max(1, lately.attempts / lately.completed);
}
