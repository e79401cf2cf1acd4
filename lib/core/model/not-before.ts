import { DAY_MILLISECONDS } from '../base/time.ts';
/** How far ahead a request can be scheduled, in days: a year, leap years included. */
export const MAX_DAYS_AHEAD = 366;

/** When a request may start and when it expires, in milliseconds since 1970. */
export interface RequestTimes {
  readonly notBefore?: number;
  readonly expiresAt?: number;
}

/** Whether a request must not start yet. */
export function isEarly({ notBefore }: RequestTimes, now: number): boolean {
  return notBefore !== undefined && notBefore > now;
}

/** The problem with the times of a request that is submitted now; undefined if there is none. A time that has passed is none. */
export function notBeforeProblem({ notBefore, expiresAt }: RequestTimes, now: number): string | undefined {
  if (notBefore === undefined) return undefined;
  if (isTooFar(notBefore, now))
    return `must be at most ${MAX_DAYS_AHEAD} days ahead, got ${timeText(notBefore)}`;
  if (expiresAt === undefined || notBefore < expiresAt) return undefined;
  return `must be before the expiry of the request, ${timeText(expiresAt)}, got ${timeText(notBefore)}`;
}

/** Whether a time is further ahead than a request can be scheduled. */
export function isTooFar(notBefore: number, now: number): boolean {
  return notBefore - now > MAX_DAYS_AHEAD * DAY_MILLISECONDS;
}

/** A time for messages, whether or not it is in the years that RFC 3339 can write. */
function timeText(time: number): string {
  return new Date(time).toISOString();
}
