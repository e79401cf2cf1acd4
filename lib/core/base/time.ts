/** An RFC 3339 time as milliseconds since 1970; undefined if it is invalid or a leap second. */
export function parseTime(text: string): number | undefined {
  const [, date] = RFC_3339.exec(text) ?? [];
  if (date === undefined || !isDate(date)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** The time of a date in milliseconds since 1970. @param name what the error calls the date @throws RangeError */
export function millisecondsOf(name: string, date: Date): number {
  const time = date.getTime();
  if (Number.isNaN(time)) throw new RangeError(`${name} must be a valid date, got ${date}`);
  return time;
}

/** The syntax of an RFC 3339 time. It also matches nonexistent dates, which {@link parseTime} rejects. */
export const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt](?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Whether a day exists: `Date.parse` reads February 30 as March 2. */
function isDate(text: string): boolean {
  const day = new Date(text);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
