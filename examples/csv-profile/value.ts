/** What a value can be read as. */
export type Kind = 'null' | 'boolean' | 'integer' | 'number' | 'date' | 'string';

/** A value's kind, and the number it is compared and calculated by. */
export interface Reading {
  readonly kind: Kind;
  /** The number itself; a date's milliseconds since 1970; NaN for the others. */
  readonly number: number;
}

/** What stands for "no value". */
export const NULL_TOKENS: ReadonlySet<string> = new Set(['', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL']);

const BOOLEAN = /^(?:true|false)$/i;

/** Without leading zeros: they mark identifiers (a postcode, say), which a number would change. */
const INTEGER = /^[+-]?(?:0|[1-9]\d*)$/;
const NUMBER = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** The forms of ISO 8601 that spell out a day, alone or with a time of that day. */
const DATE = /^(\d{4}-\d\d-(\d\d))(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/;

const NULL: Reading = { kind: 'null', number: Number.NaN };
const TRUE_OR_FALSE: Reading = { kind: 'boolean', number: Number.NaN };
const STRING: Reading = { kind: 'string', number: Number.NaN };

/**
 * Reads a value as the narrowest kind it fits. Numbers that a double can't hold as they are written (19-digit
 * identifiers, 1e999) are text.
 */
export function read(value: string): Reading {
  if (NULL_TOKENS.has(value)) return NULL;
  if (INTEGER.test(value)) {
    const number = Number(value);
    return Number.isSafeInteger(number) ? { kind: 'integer', number } : STRING;
  }
  if (NUMBER.test(value)) {
    const number = Number(value);
    return Number.isFinite(number) ? { kind: 'number', number } : STRING;
  }
  if (BOOLEAN.test(value)) return TRUE_OR_FALSE;
  const number = instant(value);
  return Number.isNaN(number) ? STRING : { kind: 'date', number };
}

/** Milliseconds since 1970, a time without an offset taken as UTC; NaN when it isn't a date. */
function instant(value: string): number {
  const match = DATE.exec(value);
  if (!match) return Number.NaN;
  const [, day = '', dayOfMonth = '', time, offset = 'Z'] = match;
  const midnight = Date.parse(day);
  // The runtime takes 30 February for 1 March.
  if (dayOfMonth > '28' && new Date(midnight).getUTCDate() !== Number(dayOfMonth)) return Number.NaN;
  return time === undefined ? midnight : Date.parse(`${day}T${time}${offset}`);
}
