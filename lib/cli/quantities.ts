import { InvalidArgumentError } from 'commander';
import { parseTime } from '../core/base/time.ts';
import { MAX_PORT } from '../core/config/variables.ts';
import { isFailureGroup } from '../core/model/failure-group.ts';

/**
 * Parsers for option values. Each accepts one form only: a missing unit is an error, not a guess. Commander adds the
 * option's name and the value to the message.
 */

const SECONDS = { ms: 0.001, s: 1, min: 60, h: 3_600, d: 86_400 } as const;
const BYTES = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
const MULTIPLES = { k: 1e3, M: 1e6, G: 1e9 } as const;

/** A hundred years, so that the sum with the current time is still a valid date. */
const MOST_SECONDS = 36_500 * SECONDS.d;

/** Once a day, an interval that fits a timer. */
const LEAST_PER_SECOND = 1 / SECONDS.d;

/** `200/s`, `1.5k/min` → requests a second */
export function readRate(text: string): number {
  const [, number, multiple, unit] = /^(\d+(?:\.\d+)?)([kM]?)\/(s|min|h|d)$/.exec(text) ?? [];
  const perSecond = (Number(number) * factor(MULTIPLES, multiple)) / factor(SECONDS, unit);
  if (perSecond > 0 && perSecond < LEAST_PER_SECOND)
    throw new InvalidArgumentError('It must be 1/d or more.');
  return positive(perSecond, 'a rate: a number, then /s, /min, /h or /d, for example 200/s or 1.5k/min');
}

/** `1.2s`, `30min` → seconds */
export function readDuration(text: string): number {
  const seconds = secondsOf(text);
  if (seconds > MOST_SECONDS)
    throw new InvalidArgumentError(`It must be ${MOST_SECONDS / SECONDS.d}d or less.`);
  return positive(seconds, 'a time: a number, then ms, s, min, h or d, for example 1.2s or 30min');
}

/** `7d`, `0s` → whole seconds */
export function readGrace(text: string): number {
  const seconds = secondsOf(text);
  if (Number.isInteger(seconds) && seconds >= 0) return seconds;
  throw new InvalidArgumentError('It must be a time in whole seconds, for example 7d, 12h or 0s.');
}

/** `300KB`, `64KiB` → bytes */
export function readSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(B|KB|MB|GB|KiB|MiB|GiB)$/.exec(text) ?? [];
  const bytes = Math.ceil(Number(number) * factor(BYTES, unit));
  return positive(bytes, 'a size: a number, then B, KB, MB, GB, KiB, MiB or GiB, for example 300KB');
}

/** `100M`, `5k`, `250` → a whole number */
export function readCount(text: string): number {
  const [, number, multiple] = /^(\d+(?:\.\d+)?)([kMG]?)$/.exec(text) ?? [];
  const count = Number(number) * factor(MULTIPLES, multiple);
  const expected = 'a whole number, with k, M or G for thousands, millions or billions, for example 100M';
  if (count > Number.MAX_SAFE_INTEGER) return positive(Number.POSITIVE_INFINITY, expected);
  return positive(Number.isInteger(count) ? count : Number.NaN, expected);
}

/** `10x` → 10 */
export function readFactor(text: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)x$/.exec(text) ?? [];
  return positive(Number(number) > 1 ? Number(number) : Number.NaN, 'a number above 1, then x, like 10x');
}

/** `1.2` → attempts of a request, on average */
export function readAttempts(text: string): number {
  const attempts = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (attempts >= 1 && Number.isFinite(attempts)) return attempts;
  throw new InvalidArgumentError('It must be a number of 1 or more, for example 1.2.');
}

/** `2026-01-31T12:00:00Z` → a time */
export function readTime(text: string): Date {
  const time = parseTime(text);
  if (time !== undefined) return new Date(time);
  throw new InvalidArgumentError('It must be a time with a zone, like 2026-01-31T12:00:00Z.');
}

/** `2h` (2 hours ago) or `2026-01-31T12:00:00Z` → a time. @param now milliseconds since 1970 */
export function readPast(now: number): (text: string) => Date {
  return (text) => {
    const time = parseTime(text);
    if (time !== undefined) return new Date(time);
    const seconds = secondsOf(text);
    if (seconds > 0 && seconds * 1000 <= now) return new Date(now - seconds * 1000);
    throw new InvalidArgumentError(
      'It must be a time ago, like 30min, 2h or 7d, or a time with a zone, like 2026-01-31T12:00:00Z.',
    );
  };
}

/** The id of a group of failures → itself */
export function readFailureGroup(text: string): string {
  if (isFailureGroup(text)) return text;
  throw new InvalidArgumentError(
    'It must be the id of a group, 16 hexadecimal digits, as npx coatcheck failures list shows it.',
  );
}

/** `https://example.com/api` → itself */
export function readUrl(text: string): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username) return text;
  throw new InvalidArgumentError(
    'It must be an http or https URL without a query, like https://example.com.',
  );
}

function secondsOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|min|h|d)$/.exec(text) ?? [];
  return Number(number) * factor(SECONDS, unit);
}

function factor(units: Readonly<Record<string, number>>, unit: string | undefined): number {
  return unit === undefined || unit === '' ? 1 : (units[unit] ?? Number.NaN);
}

/** @param value NaN for a malformed text */
function positive(value: number, expected: string): number {
  if (Number.isNaN(value) || value < 0) throw new InvalidArgumentError(`It must be ${expected}.`);
  if (value === 0) throw new InvalidArgumentError('It must be greater than 0.');
  if (!Number.isFinite(value)) throw new InvalidArgumentError('It is too large.');
  return value;
}

/** A text → itself, unless it is empty: a shell passes an unset variable in quotes so. */
export function readText(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('It must not be empty.');
}

/** `8080` → a port; 0 is any free one */
export function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= MAX_PORT) return port;
  throw new InvalidArgumentError(`It must be a port from 0 to ${MAX_PORT}; 0 is any free one.`);
}
