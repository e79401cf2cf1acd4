import { quote } from '../base/quote.ts';
import { CronInvalid } from './cron-invalid.ts';
import { instantOf, type WallTime, wallTimeAt } from './wall-time.ts';

/** The values of a field of a cron expression, in order. */
type Values = readonly number[];

/** A cron expression of five fields, as {@link parseCron} reads it. */
export interface Cron {
  readonly minutes: Values;
  readonly hours: Values;
  readonly daysOfMonth: Values;
  readonly months: Values;
  /** From 0, Sunday. */
  readonly daysOfWeek: Values;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values from {@link min} on. */
  readonly names?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const MINUTE: Field = { name: 'minute', min: 0, max: 59 };
const HOUR: Field = { name: 'hour', min: 0, max: 23 };
const DAY_OF_MONTH: Field = { name: 'day of month', min: 1, max: 31 };
const MONTH: Field = { name: 'month', min: 1, max: 12, names: MONTHS };
// 7 is Sunday too.
const DAY_OF_WEEK: Field = { name: 'day of week', min: 0, max: 7, names: DAYS };

const FORM = 'minute hour day-of-month month day-of-week, like 30 6 * * MON-FRI';

const ALL = '*';

/** The longest that a day can be away: February 29, over a century without a leap day. */
const MAX_DAYS = 8 * 366 + 1;

/**
 * Reads a cron expression of five fields: numbers, names of months and days, `*`, lists, ranges and steps. Either the day of
 * month or the day of week must be `*`: where both are given, crons disagree whether one or both must fit.
 * @throws CronInvalid
 */
export function parseCron(expression: string): Cron {
  const fields = expression.trim().split(/\s+/);
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = fields;
  if (fields.length !== 5) {
    throw new CronInvalid(`must have 5 fields, ${FORM}, got ${fields.length}: ${quote(expression)}`);
  }
  if (dayOfMonth !== ALL && dayOfWeek !== ALL) {
    throw new CronInvalid(
      `must have * as day of month or as day of week, got ${quote(dayOfMonth)} and ${quote(dayOfWeek)}`,
    );
  }
  const daysOfWeek = valuesOf(dayOfWeek, DAY_OF_WEEK).map((day) => day % 7);
  const cron = {
    minutes: valuesOf(minute, MINUTE),
    hours: valuesOf(hour, HOUR),
    daysOfMonth: valuesOf(dayOfMonth, DAY_OF_MONTH),
    months: valuesOf(month, MONTH),
    daysOfWeek: [...new Set(daysOfWeek)].sort((one, other) => one - other),
  };
  if (nextOfCron(cron, 'UTC', 0) === undefined) {
    throw new CronInvalid(`must name a day that exists, got ${quote(expression)}`);
  }
  return cron;
}

/** Why a text is no cron expression; undefined if it is one. */
export function cronProblem(cron: string): string | undefined {
  try {
    parseCron(cron);
    return undefined;
  } catch (error) {
    if (error instanceof CronInvalid) return error.message;
    throw error;
  }
}

/**
 * The first run after a time, by the rule of EventBridge Scheduler: a wall time that a change to summer time skips has no run, and
 * one that comes twice in autumn has one, at its first time.
 * @param after milliseconds since 1970
 * @returns milliseconds since 1970
 */
export function nextOfCron(cron: Cron, timeZone: string, after: number): number | undefined {
  const from = wallTimeAt(after, timeZone);
  for (let day = 0; day < MAX_DAYS; day++) {
    const date = addDays(from, day);
    if (!isDayOf(cron, date)) continue;
    for (const hour of cron.hours) {
      for (const minute of cron.minutes) {
        const wall = { ...date, hour, minute };
        // No run of this day is before the wall time, except in the hour that comes twice.
        const at = day === 0 && hour < from.hour - 1 ? undefined : instantOf(wall, timeZone);
        if (at !== undefined && at > after) return at;
      }
    }
  }
  return undefined;
}

function addDays({ year, month, day }: WallTime, days: number): WallTime {
  const date = new Date(Date.UTC(year, month - 1, day + days));
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: 0,
    minute: 0,
  };
}

function isDayOf({ months, daysOfMonth, daysOfWeek }: Cron, { year, month, day }: WallTime): boolean {
  const dayOfWeek = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  return months.includes(month) && daysOfMonth.includes(day) && daysOfWeek.includes(dayOfWeek);
}

function valuesOf(text: string, field: Field): Values {
  const values = text.split(',').flatMap((part) => valuesOfPart(part, field));
  return [...new Set(values)].sort((one, other) => one - other);
}

/** `*`, `5`, `MON-FRI`, or `10-30/5`. */
function valuesOfPart(part: string, field: Field): Values {
  const [, range = '', stepText] = /^([^/]+)(?:\/(\d{1,4}))?$/.exec(part) ?? [];
  const step = stepText === undefined ? 1 : Number(stepText);
  const [, firstText = '', lastText] = /^(\w+)(?:-(\w+))?$/.exec(range) ?? [];
  const isAll = range === ALL;
  const first = isAll ? field.min : valueIn(firstText, field);
  // A step without a range goes on to the end, as in most crons.
  const open = stepText === undefined ? first : field.max;
  const last = isAll ? field.max : lastText === undefined ? open : valueIn(lastText, field);
  if (first === undefined || last === undefined || step < 1 || first > last) {
    throw new CronInvalid(`must have as ${field.name} ${formOf(field)}, got ${quote(part)}`);
  }
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}

function valueIn(text: string, { min, max, names = [] }: Field): number | undefined {
  const named = names.indexOf(text.toUpperCase());
  if (named >= 0) return named + min;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function formOf({ min, max, names }: Field): string {
  const named = names ? ` or ${names[0]} to ${names.at(-1)}` : '';
  return `${min} to ${max}${named}, or *, with lists (1,2), ranges (1-5) and steps (*/10)`;
}
