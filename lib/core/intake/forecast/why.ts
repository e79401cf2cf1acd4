import type { LimitKey, Rate } from '../../config/limits.ts';
import type { NotedPause } from '../../ports/telemetry.ts';

/** The requests that start before one. */
export interface RequestsBefore {
  readonly count: number;
  /** Whether it is counted, and not estimated. */
  readonly isExact: boolean;
  /** How many of them have its tenant. Absent if that is unknown, or they have none. */
  readonly ofTenant?: number;
}

/** What a limit allows that a request waits for. */
export interface Limited {
  readonly key: LimitKey;
  /** Empty for the key `all`. */
  readonly value: string;
  readonly concurrency?: number;
  readonly rate?: Rate;
}

export const WAITS_FOR_UPLOAD = 'waiting for its upload';

/** Nothing is known about what is ahead of it. */
export const WAITS = 'waiting to start';

export const STOPS = 'it is being cancelled: its handler was asked to stop';

export function runsSince(attempt: number, startedAt: number | undefined, now: number): string {
  const since = startedAt === undefined ? '' : ` since ${timeText(startedAt, now)}`;
  return `attempt ${attempt} is running${since}`;
}

export function stoppedReporting(attempt: number): string {
  return `attempt ${attempt} stopped reporting: another one follows`;
}

export function expiredAt(time: number, now: number): string {
  return `it expired at ${timeText(time, now)}: it ends when its turn comes`;
}

export function scheduledFor(time: number, now: number): string {
  return `scheduled for ${timeText(time, now)}`;
}

export function attemptBegins(attempt: number, time: number, now: number): string {
  return `attempt ${attempt} begins at ${timeText(time, now)}`;
}

export function pausedUntil({ until, reason }: NotedPause, now: number): string {
  const because = reason === '' ? '' : `: ${reason}`;
  return `processing is paused until ${timeText(until, now)}${because}`;
}

export function keyPausedUntil(limited: Limited, until: number, now: number): string {
  return `paused until ${timeText(until, now)}${forKey(limited)}`;
}

export function limitedTo(limited: Limited): string {
  const { concurrency, rate } = limited;
  const allowed = concurrency === undefined ? rateText(rate) : `${numberText(concurrency)} at a time`;
  return `limited to ${allowed}${forKey(limited)}`;
}

export function behind({ count, isExact, ofTenant = 0 }: RequestsBefore): string {
  if (count === 0) return 'next to start';
  const all = `behind ${isExact ? '' : 'about '}${requests(count)}`;
  if (ofTenant === 0) return all;
  return ofTenant === count
    ? `${all} of your tenant`
    : `${all}, ${numberText(ofTenant)} of them of your tenant`;
}

export function behindInGroup(count: number): string {
  return `behind ${requests(count)} with its ordering key`;
}

function forKey({ key, value }: Limited): string {
  if (key === 'all') return '';
  if (key === 'tenant') return ` for ${value}`;
  return ` for ${key === 'topic' ? 'topic' : key.slice('metadata.'.length)} ${value}`;
}

const RATE_TEXTS: Readonly<Record<string, string>> = { s: 'a second', min: 'a minute', h: 'an hour' };

function rateText(rate: Rate | undefined): string {
  const [count = '', unit = ''] = (rate ?? '').split('/');
  return `${numberText(Number(count))} ${RATE_TEXTS[unit]}`;
}

function requests(count: number): string {
  return `${numberText(count)} ${count === 1 ? 'request' : 'requests'}`;
}

function numberText(count: number): string {
  return count.toLocaleString('en-US');
}

/** `14:05 UTC`, `14:05:30 UTC`, or with the date if it isn't today's. Never before the time. */
function timeText(time: number, now: number): string {
  const text = new Date(Math.ceil(time / 1_000) * 1_000).toISOString();
  const [date = '', clock = ''] = text.split('T');
  const today = new Date(now).toISOString().startsWith(date);
  const seconds = clock.slice(6, 8) === '00' ? '' : clock.slice(5, 8);
  return `${today ? '' : `${date} `}${clock.slice(0, 5)}${seconds} UTC`;
}
