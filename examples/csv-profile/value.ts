/** Types of values. */
export type Kind = 'null' | 'boolean' | 'integer' | 'number' | 'date' | 'string';

/** The type of a value, and its number for comparison and calculation. */
export interface Reading {
  readonly kind: Kind;
  /** The number; for a date, milliseconds since 1970; NaN otherwise. */
  readonly number: number;
}

/** Spellings of a missing value. */
export const NULL_TOKENS: ReadonlySet<string> = new Set(['', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL']);

const BOOLEAN = /^(?:true|false)$/i;

/** Without leading zeros, which mark identifiers such as postcodes that a number would change. */
const INTEGER = /^[+-]?(?:0|[1-9]\d*)$/;
const NUMBER = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** Forms of ISO 8601 with a full date, alone or with a time. */
const DATE = /^(\d{4}-\d\d-(\d\d))(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/;

const NULL: Reading = { kind: 'null', number: Number.NaN };
const TRUE_OR_FALSE: Reading = { kind: 'boolean', number: Number.NaN };
const STRING: Reading = { kind: 'string', number: Number.NaN };

/**
 * Classifies a value as the narrowest type that fits. Numbers that a double can't represent as written (19-digit
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

/** Milliseconds since 1970; a time without an offset is UTC; NaN for an invalid date. */
function instant(value: string): number {
  const match = DATE.exec(value);
  if (!match) return Number.NaN;
  const [, day = '', dayOfMonth = '', time, offset = 'Z'] = match;
  const midnight = Date.parse(day);
  // JavaScript turns 30 February into 1 March.
  if (dayOfMonth > '28' && new Date(midnight).getUTCDate() !== Number(dayOfMonth)) return Number.NaN;
  return time === undefined ? midnight : Date.parse(`${day}T${time}${offset}`);
}
