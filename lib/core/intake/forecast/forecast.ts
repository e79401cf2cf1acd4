import { perSecond } from '../../config/limits.ts';
import type { Forecast, TimeRange } from '../../model/forecast.ts';
import { allowanceOf, type LimitState, neededTokens, runningOf, tokensAt } from '../../model/limit-state.ts';
import type { LimitedKey } from '../../model/limited-key.ts';
import { isExpired, type RequestRecord, statusOf } from '../../model/request-record.ts';
import type { Pace } from '../../ports/admission.ts';
import type { Place } from '../../ports/place-in-queue.ts';
import type { NotedPause } from '../../ports/telemetry.ts';
import {
  type Duration,
  type DurationRange,
  rangeOf,
  rangeOfRunning,
  sumOf,
  timeOfAttempt,
  timeUntilEnds,
} from './wait-time.ts';
import * as why from './why.ts';

/** A key of a request that a limit applies to, and the state of its value. */
export interface LimitedBy extends LimitedKey {
  readonly state: LimitState;
}

/** The figures that decide when a request starts and ends. Absent ones are unknown. */
export interface Figures {
  readonly pace?: Pace;
  readonly pause?: NotedPause;
  readonly place?: Place;
  readonly limits?: readonly LimitedBy[];
  /** Whether a limit may apply that isn't among them. @default false */
  readonly hasOtherLimits?: boolean;
}

/** The figures for a forecast from the record alone: it says why the request waits, as far as known, and no times. */
export const NO_FIGURES: Figures = { hasOtherLimits: true };

/** What a forecast says without times. */
type Reason = Pick<Forecast, 'why' | 'isPaused'>;

/** Something that a request waits for besides times: the longest decides. */
interface Wait {
  readonly why: string;
  /** Undefined if it can't be estimated. */
  readonly duration: Duration | undefined;
  /** Whether it is the reason if it can't be estimated. @default false */
  readonly isCause?: boolean;
}

/** A time before which a request doesn't start, in milliseconds since 1970. */
interface Hold extends Reason {
  readonly at: number;
  /** Whether it is the reason even if the request has to wait for its turn for longer. */
  readonly isCause: boolean;
}

/** A free slot takes a request within this time. */
const START_MILLISECONDS = 1_000;

const NONE: Duration = { mean: 0, variance: 0 };

/**
 * Why a request waits, and when it starts and ends. The ranges hold nine of ten requests, if no more urgent requests arrive, and
 * requests take as long as those of the last minute. A range is left out if a figure is missing that it depends on. A pure function.
 * @param now milliseconds since 1970
 * @returns undefined if the request has ended
 */
export function forecastOf(record: RequestRecord, figures: Figures, now: number): Forecast | undefined {
  switch (statusOf(record, now)) {
    case 'awaiting_upload':
      return { why: why.WAITS_FOR_UPLOAD };
    case 'scheduled':
    case 'queued':
      // One that was suspended at a checkpoint has started.
      return isExpired(record.request, now) && !record.suspended
        ? forecastOfExpired(record, figures, now)
        : forecastOfWaiting(record, figures, now);
    case 'running':
      return forecastOfRunning(record, figures, now);
    case 'cancelling':
      return { why: why.STOPS };
    default:
      return undefined;
  }
}

/** The forecast of a request that has expired. It ends when its next attempt would start. */
function forecastOfExpired(record: RequestRecord, figures: Figures, now: number): Forecast {
  const { startsAbout } = forecastOfWaiting(record, figures, now);
  return { why: expiredWhy(record, now), ...(startsAbout && { endsAbout: startsAbout }) };
}

function expiredWhy({ request }: RequestRecord, now: number): string {
  const { expiresAt = now } = request;
  return why.expiredAt(expiresAt, now);
}

function forecastOfRunning(record: RequestRecord, { pace }: Figures, now: number): Forecast {
  const { request, attempts, startedAt, leaseEndsAt = 0 } = record;
  if (leaseEndsAt <= now) {
    return { why: isExpired(request, now) ? expiredWhy(record, now) : why.stoppedReporting(attempts) };
  }
  const reason = why.runsSince(attempts, startedAt, now);
  const range = startedAt !== undefined && pace && rangeOfRunning((now - startedAt) / 1_000, pace);
  return { why: reason, ...(range && { endsAbout: timesOf(range, startedAt, now) }) };
}

function forecastOfWaiting(record: RequestRecord, figures: Figures, now: number): Forecast {
  const { pace, pause } = figures;
  const resumesAt = Math.max(now, pause?.until ?? 0);
  const time = latestTimeOf(record, figures, now);
  const waits = waitsOf(figures, now);
  const longest = waits.reduce((longer, wait) => (rankOf(wait) > rankOf(longer) ? wait : longer));
  const turnAt = now + 1_000 * (longest.duration?.mean ?? 0);
  const reason = reasonOf(time && (time.at >= turnAt || time.isCause) ? time : longest);
  if (figures.hasOtherLimits) return reason;

  const durations = waits.flatMap(({ duration }) => duration ?? []);
  if (durations.length < waits.length) return reason;
  const earliest = Math.max(now, time?.at ?? 0);
  const start = latestOf([
    { from: earliest, to: earliest + START_MILLISECONDS },
    ...durations.map((duration) => timesOf(rangeOf(duration), resumesAt, now)),
  ]);
  if (!pace) return { ...reason, startsAbout: start };

  const attempt = timeOfAttempt(pace);
  const { least, most } = rangeOf(attempt);
  const end = latestOf([
    start,
    timesOf({ least, most: most + START_MILLISECONDS / 1_000 }, earliest, now),
    ...durations.map((duration) => timesOf(rangeOf(sumOf(duration, attempt)), resumesAt, now)),
  ]);
  return { ...reason, startsAbout: start, endsAbout: end };
}

function reasonOf({ why, isPaused }: Reason): Reason {
  return { why, ...(isPaused && { isPaused }) };
}

/** The latest of the times before which a request doesn't start; undefined if all have passed. */
function latestTimeOf(
  { request: { notBefore = 0 }, attempts, nextAttemptAt = 0 }: RequestRecord,
  { pause, limits = [] }: Figures,
  now: number,
): Hold | undefined {
  const holds: Hold[] = [
    { at: notBefore, why: why.scheduledFor(notBefore, now), isCause: true },
    { at: nextAttemptAt, why: why.attemptBegins(attempts + 1, nextAttemptAt, now), isCause: false },
  ];
  for (const limit of limits) {
    const { pausedUntil = 0 } = limit.state;
    holds.push({
      at: pausedUntil,
      why: why.keyPausedUntil(limitedOf(limit), pausedUntil, now),
      isPaused: true,
      isCause: true,
    });
  }
  if (pause) {
    holds.push({ at: pause.until, why: why.pausedUntil(pause, now), isPaused: true, isCause: true });
  }
  const latest = holds.reduce((later, hold) => (hold.at > later.at ? hold : later));
  return latest.at > now ? latest : undefined;
}

/** What a request waits for, at least its turn in the queue. */
function waitsOf(figures: Figures, now: number): [Wait, ...Wait[]] {
  const { place, limits = [] } = figures;
  const group = place?.inGroup ? [groupWait(place.inGroup, figures)] : [];
  return [queueWait(figures), ...group, ...limits.flatMap((limit) => limitWaits(limit, figures, now))];
}

/** Its turn among all requests. */
function queueWait({ place, pace }: Figures): Wait {
  if (!place) return { why: why.WAITS, duration: undefined };
  const { waiting, inFlight, overtaking = 0, spread, isExact } = place;
  const slots = Math.round(pace?.slots ?? 1);
  // A process takes as many requests ahead as it runs. Others in flight wait for their next attempt.
  const before = waiting + Math.min(inFlight, 2 * slots);
  const count = Math.round(pace ? Math.max(waiting, before - slots) : waiting);
  const reason = why.behind({ count, isExact, ofTenant: countOfTenant(place, count - waiting) });
  if (before < slots) return { why: reason, duration: pace ? timeUntilEnds(0, pace, spread) : NONE };
  // Between none and all of the overtaking requests may come first.
  const ends = before + 1 - slots + overtaking / 2;
  return {
    why: reason,
    duration: pace && timeUntilEnds(ends, pace, Math.hypot(spread, overtaking / Math.sqrt(12))),
  };
}

/** @param taken requests that a process has taken and not started: it isn't known which of those in flight */
function countOfTenant({ ofTenant, inFlight, inFlightOfTenant }: Place, taken: number): number | undefined {
  if (ofTenant === undefined || taken === 0 || inFlightOfTenant === 0) return ofTenant;
  return inFlightOfTenant === inFlight ? ofTenant + taken : undefined;
}

/** The requests before it with its ordering key, of which one runs at a time. */
function groupWait(inGroup: number, { pace }: Figures): Wait {
  const alone = pace && { ...pace, slots: 1, together: 1 };
  const duration = alone && timeUntilEnds(inGroup, alone, 0);
  return { why: why.behindInGroup(inGroup), duration, isCause: true };
}

/** A limit that lets no further request start just now. */
function limitWaits(limit: LimitedBy, { place, pace }: Figures, now: number): Wait[] {
  const { state, weight } = limit;
  const allowed = allowanceOf(limit.limit, state);
  const { concurrency, rate } = allowed;
  const limited = limitedOf(limit);
  const before = place && earlierByKey(limit, place);
  const waits: Wait[] = [];
  const running = runningOf(state, now);
  if (concurrency !== undefined && running >= concurrency) {
    const ends = before === undefined ? undefined : before + 1 - concurrency;
    const own = pace && { ...pace, slots: Math.min(concurrency, pace.slots), together: 1 };
    waits.push({
      why: why.limitedTo({ ...limited, rate: undefined }),
      // Those that wait for a limit take turns, not exactly in their order.
      duration:
        ends === undefined ? undefined : own && timeUntilEnds(ends, own, Math.sqrt(Math.max(0, ends))),
      isCause: true,
    });
  }
  const tokens = tokensAt(state, allowed, now);
  if (rate !== undefined && tokens < neededTokens(weight, allowed)) {
    const seconds =
      before === undefined || limit.limit.weight
        ? undefined
        : Math.max(0, before + 1 - tokens) / perSecond(rate);
    waits.push({
      why: why.limitedTo({ ...limited, concurrency: undefined }),
      duration: seconds === undefined ? undefined : { mean: seconds, variance: seconds / perSecond(rate) },
      isCause: true,
    });
  }
  return waits;
}

/** The earlier requests that share a key; undefined if unknown. */
function earlierByKey({ limit }: LimitedBy, { earlier }: Place): number | undefined {
  if (limit.key === 'all') return earlier?.all;
  return limit.key === 'tenant' ? earlier?.ofTenant : undefined;
}

function limitedOf({ limit, value, state }: LimitedBy): why.Limited {
  const { concurrency, rate } = allowanceOf(limit, state);
  return { key: limit.key, value, concurrency, rate };
}

/** Which of several waits is the reason: the one with the highest rank. */
function rankOf({ duration, isCause }: Wait): number {
  return duration?.mean ?? (isCause ? Number.POSITIVE_INFINITY : 0);
}

function latestOf(ranges: readonly TimeRange[]): TimeRange {
  return {
    from: Math.max(...ranges.map(({ from }) => from)),
    to: Math.max(...ranges.map(({ to }) => to)),
  };
}

/** Never in the past. */
function timesOf({ least, most }: DurationRange, since = 0, now: number): TimeRange {
  return {
    from: Math.max(now, Math.floor(since + least * 1_000)),
    to: Math.max(now, Math.ceil(since + most * 1_000)),
  };
}
