import { formatCount } from './format.ts';

const UNITS = [
  ['days', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
  ['ms', 0.001],
] as const;

/** `1.2 s`, `2.8 h`: three significant digits, in the largest unit that gives at least 1. */
export function formatDuration(seconds: number): string {
  if (seconds === 0) return '0 s';
  if (seconds < 0.001) return '< 1 ms';
  if (!Number.isFinite(seconds)) return 'without end';
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ['ms', 0.001];
  return `${threeDigits(seconds / size)} ${unit}`;
}

const AGE_UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** `5 s`, `119 s`, `2 min`: whole units, so that the age of a thing rarely changes. */
export function formatAge(seconds: number): string {
  const [unit, size] = AGE_UNITS.find(([, size]) => seconds >= 2 * size) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

const TIME_UNITS = [
  ['s', 1],
  ['min', 60],
  ['h', 3_600],
  ['d', 86_400],
] as const;

/** `200/s`, `1.5/min`: in the shortest unit that gives at least 1. */
export function formatRate(perSecond: number): string {
  const [unit, seconds] = TIME_UNITS.find(([, seconds]) => perSecond * seconds >= 1) ?? ['d', 86_400];
  return `${threeDigits(perSecond * seconds)}/${unit}`;
}

const DECIMAL_UNITS = [
  ['GB', 1e9],
  ['MB', 1e6],
  ['KB', 1e3],
] as const;

/** `300 KB`: decimal units, as in prices. */
export function formatSize(bytes: number): string {
  const [unit, size] = DECIMAL_UNITS.find(([, size]) => bytes >= size) ?? ['bytes', 1];
  return `${threeDigits(bytes / size)} ${unit}`;
}

/** `1.2M`, `38.3k`, `240`: for chart axes. */
export function formatShort(value: number): string {
  if (value >= 1e6) return `${threeDigits(value / 1e6)}M`;
  return value >= 1e3 ? `${threeDigits(value / 1e3)}k` : threeDigits(value);
}

/** `0.67`, `24`, `10,417`: three significant digits, or all digits of a whole number. */
export function threeDigits(value: number): string {
  return value >= 100 ? formatCount(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** `$1,142.35` */
export function formatDollars(dollars: number): string {
  return `$${dollars.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

/** `2026-01-31T12:00:00.005Z`; empty for undefined. */
export function formatTime(time: number | undefined): string {
  return time === undefined ? '' : new Date(time).toISOString();
}
