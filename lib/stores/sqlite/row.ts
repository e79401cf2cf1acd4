import type { SQLOutputValue } from 'node:sqlite';

/** A row that a statement returned. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

/** The text of a column; undefined if it is NULL. */
export function textOf(value: SQLOutputValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The number of a column; undefined if it is NULL. */
export function numberOf(value: SQLOutputValue | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}

/** Rounds a time up to the second, as the ports say. */
export function wholeSecond(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000) * 1000;
}
