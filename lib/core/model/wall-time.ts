import { DAY_MILLISECONDS } from '../base/time.ts';
/** A minute on the clocks of a time zone. */
export interface WallTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** Making a format takes longer than using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** The problem with a time zone; undefined if it is one. */
export function timeZoneProblem(timeZone: string): string | undefined {
  // Offsets such as +01:00 have no summer time, and EventBridge Scheduler takes none.
  if (/^[A-Za-z]/.test(timeZone)) {
    try {
      formatOf(timeZone);
      return undefined;
    } catch {
      // A RangeError, whose message says less.
    }
  }
  return `must be a time zone of the IANA database, like Europe/Berlin or UTC, got ${JSON.stringify(timeZone)}`;
}

/** What the clocks of a zone show. @param at milliseconds since 1970 */
export function wallTimeAt(at: number, timeZone: string): WallTime {
  const parts = formatOf(timeZone).formatToParts(at);
  const numberOf = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return {
    year: numberOf('year'),
    month: numberOf('month'),
    day: numberOf('day'),
    hour: numberOf('hour'),
    minute: numberOf('minute'),
  };
}

/** When the clocks of a zone first show a time, in milliseconds since 1970; undefined if they skip it. */
export function instantOf(wall: WallTime, timeZone: string): number | undefined {
  const inUtc = utcOf(wall);
  // The offsets before and after a change, if there is one nearby.
  const offsets = [inUtc - DAY_MILLISECONDS, inUtc + DAY_MILLISECONDS].map((at) => offsetAt(at, timeZone));
  const instants = offsets
    .map((offset) => inUtc - offset)
    .filter((at) => inUtc - at === offsetAt(at, timeZone));
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/** How much later the clocks of a zone are than those of UTC, in milliseconds. */
function offsetAt(at: number, timeZone: string): number {
  const minute = Math.floor(at / 60_000) * 60_000;
  return utcOf(wallTimeAt(minute, timeZone)) - minute;
}

function utcOf({ year, month, day, hour, minute }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute);
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  formats.set(timeZone, format);
  return format;
}
