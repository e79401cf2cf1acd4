import type { Pace } from '../../ports/admission.ts';
import type { RecentWork } from '../../ports/telemetry.ts';
import { busySlots } from '../admission/prediction.ts';

/** Mean and variance of a time, in seconds. */
export interface Duration {
  readonly mean: number;
  readonly variance: number;
}

/** A number of seconds that nine of ten waits are at least, or at most. */
export interface DurationRange {
  readonly least: number;
  readonly most: number;
}

/** The part of waits that are shorter than a range, and the part that are longer. */
const OUTSIDE = 0.05;

/** The quantile of the standard normal distribution at 1 - {@link OUTSIDE}. */
const NORMAL_QUANTILE = 1.645;

/** The weight of the assumed variation, in attempts: few measured ones say little about it. */
const ASSUMED_SAMPLE = 5;

/** The variation of exponentially distributed times. */
const ASSUMED_VARIATION = 1;

/** The weight of a window of work, as a part of that of the next one: machines and handlers slow down and recover. */
const WINDOW_WEIGHT = 0.6;

/** The assumed drift of the mean time, and its weight, in windows. */
const ASSUMED_DRIFT = 0.1;
const ASSUMED_WINDOWS = 3;

/** The shortest mean time, in seconds: the resolution of the clocks. */
const SHORTEST_SECONDS = 0.001;

/** An attempt that takes this many times as long as usual is unlike the measured ones, which then don't predict its end. */
const UNUSUAL = 10;

/**
 * The pace of a service; undefined if it handled nothing recently.
 * @param firstSlots requests that it handles at a time at least
 */
export function paceOf(recent: RecentWork, firstSlots: number): Pace | undefined {
  const { handled, milliseconds, squares, releases } = recent;
  const windows = recent.windows.filter((window) => window.handled > 0);
  if (handled === 0 || releases === 0 || windows.length === 0) return undefined;
  const measured = milliseconds > 0 ? Math.max(0, (squares * releases) / milliseconds ** 2 - 1) : 0;
  const together = Math.max(1, handled / releases);
  const weights = windows.map((window, age) => window.handled * WINDOW_WEIGHT ** age);
  const weight = sum(weights);
  const means = windows.map((window) => window.milliseconds / 1_000 / window.handled);
  const mean = Math.max(sum(means.map((each, age) => each * (weights[age] ?? 0))) / weight, SHORTEST_SECONDS);
  return {
    slots: Math.max(1, busySlots(recent, firstSlots)),
    meanSeconds: mean,
    variation: (measured * releases + ASSUMED_VARIATION * ASSUMED_SAMPLE) / (releases + ASSUMED_SAMPLE),
    together,
    drift: driftOf(means.map((each) => each / mean)),
    sample: weight / together,
  };
}

/** @param means of windows, as parts of the mean of all */
function driftOf(means: readonly number[]): number {
  const squares = sum(means.map((mean) => (mean - 1) ** 2)) + ASSUMED_WINDOWS * ASSUMED_DRIFT ** 2;
  return Math.sqrt(squares / (means.length + ASSUMED_WINDOWS));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/**
 * The time until a number of attempts have ended, while as many run at a time as there are slots.
 *
 * The attempts of a slot follow one another, so their ends are a renewal process, and those of all slots its superposition: over
 * `n` ends, the mean time is `n / rate`, and its variance `n * variation / rate²`. The rate is judged by a sample, which adds the
 * variance of the sample's mean, and it drifts. `spread` is the standard deviation of `n`.
 * @see https://en.wikipedia.org/wiki/Renewal_theory
 */
export function timeUntilEnds(
  ends: number,
  { slots, meanSeconds, variation, together, drift, sample }: Pace,
  spread: number,
): Duration {
  const rate = slots / meanSeconds;
  if (ends <= 0) return { mean: 0, variance: (spread / rate) ** 2 };
  const batches = ends / together;
  const counted = (batches + batches ** 2 / sample) * variation * together ** 2;
  const grouped = together > 1 ? together ** 2 : 0;
  return { mean: ends / rate, variance: (counted + grouped + (ends * drift) ** 2 + spread ** 2) / rate ** 2 };
}

/** The time that one attempt takes. */
export function timeOfAttempt({ meanSeconds, variation }: Pace): Duration {
  return { mean: meanSeconds, variance: variation * meanSeconds ** 2 };
}

export function sumOf(one: Duration, other: Duration): Duration {
  return { mean: one.mean + other.mean, variance: one.variance + other.variance };
}

/**
 * The range of a time that is gamma distributed, by the approximation of Wilson and Hilferty. Where many attempts add up, that
 * is a normal distribution; where few do, it is as skew as their times. Where the deviation is more than twice the mean, such a
 * distribution is almost always near 0, and the longest wait is that of a normal distribution.
 */
export function rangeOf({ mean, variance }: Duration): DurationRange {
  if (variance === 0) return { least: mean, most: mean };
  const normal = mean + NORMAL_QUANTILE * Math.sqrt(variance);
  if (mean === 0) return { least: 0, most: normal };
  const part = variance / (9 * mean ** 2);
  const at = (quantile: number) => mean * Math.max(0, 1 - part + quantile * Math.sqrt(part)) ** 3;
  return { least: at(-NORMAL_QUANTILE), most: Math.max(at(NORMAL_QUANTILE), normal) };
}

/**
 * The range of the whole time that a running attempt takes, which has taken `elapsed` seconds already. The time is Weibull
 * distributed, whose quantiles under that condition have a formula.
 * @returns undefined if it takes much longer than those before
 */
export function rangeOfRunning(elapsed: number, { meanSeconds, variation }: Pace): DurationRange | undefined {
  // An approximation of the shape, good from 0.3 to 10, and one of the gamma function.
  const shape = Math.min(10, variation ** (-1.086 / 2));
  const scale = meanSeconds / (0.568 + 0.433 / shape) ** (1 / shape);
  if (elapsed > UNUSUAL * scale) return undefined;
  const at = (part: number) =>
    scale * ((Math.max(0, elapsed) / scale) ** shape - Math.log(1 - part)) ** (1 / shape);
  return { least: at(OUTSIDE), most: at(1 - OUTSIDE) };
}
