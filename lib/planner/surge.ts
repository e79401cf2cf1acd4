import { eventSourceScaling } from '../core/config/event-source-scaling.ts';
import { arrivalsOf, seededRandom } from './random.ts';
import { type Moment, simulate } from './simulation.ts';
import type { SteadyState } from './steady-state.ts';
import type { Workload } from './workload.ts';

/** Requests that come on top of the usual ones. */
export interface Surge {
  readonly extraRequests: number;
  /** In how long they come; 0 for all at once. */
  readonly seconds: number;
}

/** The course of a surge. */
export interface SurgeForecast {
  /** When nothing waits any more, counted from the surge's beginning; absent where that is too far off to say. */
  readonly drainedSeconds?: number;
  readonly deepestWaiting: number;
  readonly deepestSeconds: number;
  readonly longestWaitSeconds: number;
  readonly mostBatches: number;
  /** When as many batches ran as may; absent where it never came to that. */
  readonly fullySecondsAfter?: number;
  /** The deepest of each stretch of equal length, in order. */
  readonly timeline: readonly Point[];
}

/** How many wait at a time. */
export interface Point {
  readonly seconds: number;
  readonly waiting: number;
  readonly batches: number;
}

/** Arrivals vary by chance; with the same seed always in the same way. */
const SEED = 1;

/** About how many steps a forecast may take, and how fine one may be. */
const STEPS = 200_000;
const FINEST_STEP_SECONDS = 0.05;

/** A forecast that exceeds the estimate by more than this factor is discarded. */
const PATIENCE = 4;

/** Most points of a timeline; from twice as many on, two become one. */
const POINTS = 512;

/** Simulates a surge that begins while the workload runs as it usually does. */
export function forecastSurge(workload: Workload, steady: SteadyState, surge: Surge): SurgeForecast {
  const scaling = eventSourceScaling(workload);
  const horizonSeconds = PATIENCE * roughDrainSeconds(workload, steady, surge);
  const usualBatches = Math.ceil(Math.min(steady.batchesAtOnce, steady.maxBatches));
  const moments = simulate({
    batchSize: workload.batchSize,
    // The attempts of a request, as if one followed the other at once.
    batchSeconds: steady.batchSeconds * workload.attempts,
    scaling: {
      ...scaling,
      firstBatches: Math.max(scaling.firstBatches, usualBatches),
      maxBatches: steady.maxBatches,
    },
    arrivals: surgeArrivals(workload.ratePerSecond, surge),
    stepSeconds: Math.max(FINEST_STEP_SECONDS, horizonSeconds / PATIENCE / STEPS),
  });
  return summaryOf(moments, surge, steady.maxBatches, horizonSeconds);
}

/** The usual requests by chance, those of the surge evenly. */
function surgeArrivals(ratePerSecond: number, { extraRequests, seconds }: Surge) {
  const random = seededRandom(SEED);
  const extraUntil = (time: number) => {
    if (time < 0) return 0;
    return seconds > 0 ? Math.floor(extraRequests * Math.min(1, time / seconds)) : extraRequests;
  };
  return (from: number, to: number) =>
    arrivalsOf(ratePerSecond * (to - from), random) + extraUntil(to) - extraUntil(from);
}

/** As if it were worked off at full capacity after a time to scale up; some time to look at, where it never is. */
function roughDrainSeconds(workload: Workload, steady: SteadyState, surge: Surge): number {
  const { ratePerSecond } = workload;
  const canKeepUp = steady.maxRatePerSecond > ratePerSecond;
  const spare = canKeepUp ? steady.maxRatePerSecond - ratePerSecond : steady.maxRatePerSecond;
  const scalingSeconds = (steady.maxBatches / eventSourceScaling(workload).moreBatchesAMinute) * 60;
  return surge.seconds + surge.extraRequests / spare + scalingSeconds + steady.batchSeconds;
}

function summaryOf(
  moments: Iterable<Moment>,
  surge: Surge,
  maxBatches: number,
  horizonSeconds: number,
): SurgeForecast {
  const timeline = new Timeline();
  let deepest: Moment | undefined;
  let fullySecondsAfter: number | undefined;
  let [longestWaitSeconds, mostBatches] = [0, 0];
  let drainedSeconds: number | undefined;
  for (const moment of moments) {
    timeline.add(moment);
    if (!deepest || moment.waiting > deepest.waiting) deepest = moment;
    if (moment.batches >= maxBatches) fullySecondsAfter ??= moment.seconds;
    longestWaitSeconds = Math.max(longestWaitSeconds, moment.longestWaitSeconds);
    mostBatches = Math.max(mostBatches, moment.batches);
    const isOver = moment.seconds >= surge.seconds;
    if (isOver && moment.waiting === 0) drainedSeconds = moment.seconds;
    if (drainedSeconds !== undefined || moment.seconds > horizonSeconds) break;
  }
  return {
    drainedSeconds,
    deepestWaiting: deepest?.waiting ?? 0,
    deepestSeconds: deepest?.seconds ?? 0,
    longestWaitSeconds,
    mostBatches,
    fullySecondsAfter,
    timeline: timeline.points,
  };
}

/** Keeps some hundred points of however many moments. */
class Timeline {
  points: Point[] = [];
  #momentsAPoint = 1;
  #moments = 0;

  add({ seconds, waiting, batches }: Moment): void {
    const point = { seconds, waiting, batches };
    const last = this.points.length - 1;
    if (this.#moments++ % this.#momentsAPoint === 0) this.points.push(point);
    else this.points[last] = deeper(this.points[last], point);
    if (this.points.length < 2 * POINTS) return;
    this.points = this.points.flatMap((each, i) => (i % 2 ? [] : [deeper(this.points[i + 1], each)]));
    this.#momentsAPoint *= 2;
  }
}

function deeper(one: Point | undefined, other: Point): Point {
  return one && one.waiting > other.waiting ? one : other;
}
