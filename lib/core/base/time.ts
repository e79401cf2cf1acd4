export const DAY_MILLISECONDS = 86_400_000;

const WHOLE_UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** `1 hour`, `90 minutes`, `61 seconds`: whole units, the largest that are exact. */
export function wholeDuration(seconds: number): string {
  const [unit, size] = WHOLE_UNITS.find(([, size]) => seconds >= size && seconds % size === 0) ?? [
    'second',
    1,
  ];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** An RFC 3339 time as milliseconds since 1970; undefined if it is invalid or a leap second. */
export function parseTime(text: string): number | undefined {
  const [, date] = RFC_3339.exec(text) ?? [];
  if (date === undefined || !isDate(date)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** The syntax of an RFC 3339 time. It also matches nonexistent dates, which {@link parseTime} rejects. */
export const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt](?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** The first and the last time that RFC 3339 can write: it has years of four digits. */
const EARLIEST_TIME = Date.parse('0000-01-01T00:00:00Z');
const LATEST_TIME = Date.parse('9999-12-31T23:59:59.999Z');

/** What is wrong with a time in milliseconds since 1970, if messages and positions of records can't hold it. */
export function timeProblem(time: number): string | undefined {
  if (time >= EARLIEST_TIME && time <= LATEST_TIME) return undefined;
  const date = new Date(time);
  const got = Number.isNaN(date.getTime()) ? 'an invalid date' : date.toISOString();
  return `must be a time in the years 0000 to 9999, got ${got}`;
}

/** Whether a day exists: `Date.parse` reads February 30 as March 2. */
function isDate(text: string): boolean {
  const day = new Date(text);
  return day.getUTCDate() === Number(text.slice(-2));
}
