import { hash } from 'node:crypto';
import { DistinctCount } from './distinct-count.ts';
import { Extremes } from './extremes.ts';
import { FrequentValues } from './frequent-values.ts';
import { Moments } from './moments.ts';
import { type Kind, type Reading, read } from './value.ts';

/** What all values of a column can be read as; `empty` when each is null. */
export type ColumnType = Exclude<Kind, 'null'> | 'empty';

/** What is said of a column. */
export interface ColumnProfile {
  readonly name: string;
  readonly type: ColumnType;
  readonly nulls: number;
  /** Of numbers; of dates, by time and as written; of text, by UTF-16 code units. */
  readonly min?: number | string;
  readonly max?: number | string;
  /** Of numbers. */
  readonly mean?: number;
  /** Of numbers; the sample's (n − 1), so there are two at least. */
  readonly standardDeviation?: number;
  /** Values written differently, nulls aside. When not exact, an estimate with a standard error of 0.8 %. */
  readonly distinct: { readonly count: number; readonly exact: boolean };
  /** The most frequent values, nulls aside. */
  readonly top: {
    readonly values: readonly { readonly value: string; readonly count: number }[];
    /** Counts may be too low by up to this; a value not seen more often than this is left out. 0 when exact. */
    readonly undercount: number;
  };
}

const TOP_VALUES = 10;

/** Longer values are kept as their beginning and a hash, so that different ones stay different. */
const MAX_VALUE_LENGTH = 128;

/** Gathers what is to be said of a column, in memory that doesn't grow with the rows. */
export class Column {
  readonly #name: string;
  readonly #values: FrequentValues<Reading>;
  readonly #distinct = new DistinctCount();
  readonly #kinds = new Set<Kind>();
  readonly #numbers = new Extremes<number, number>();
  readonly #dates = new Extremes<number, string>();
  readonly #texts = new Extremes<string, string>();
  readonly #moments = new Moments();
  #nulls = 0;
  #present = 0;

  /** @param capacity how many different values are counted before counts become estimates */
  constructor(name: string, capacity: number) {
    this.#name = name;
    this.#values = new FrequentValues(
      capacity,
      (value) => this.#learn(value),
      (reading, times) => this.#settle(reading, times),
    );
  }

  add(value: string): void {
    this.#values.add(value.length <= MAX_VALUE_LENGTH ? value : shortened(value));
  }

  profile(): ColumnProfile {
    this.#values.settle();
    const type = this.#type();
    const frequent = [...this.#values.frequent()].filter(({ fact }) => fact.kind !== 'null');
    const { undercount } = this.#values;
    const exact = undercount === 0;
    return {
      name: this.#name,
      type,
      nulls: this.#nulls,
      ...this.#figures(type),
      distinct: {
        count: exact ? frequent.length : Math.min(this.#distinct.estimate(), this.#present),
        exact,
      },
      top: {
        values: frequent
          .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
          .slice(0, TOP_VALUES)
          .map(({ value, count }) => ({ value, count })),
        undercount,
      },
    };
  }

  /** What a value adds by being there at all. */
  #learn(value: string): Reading {
    const reading = read(value);
    const { kind, number } = reading;
    this.#kinds.add(kind);
    if (kind === 'null') return reading;
    this.#distinct.add(value);
    this.#texts.see(value, value);
    if (kind === 'date') this.#dates.see(number, value);
    if (isNumeric(kind)) this.#numbers.see(number, number);
    return reading;
  }

  /** What a value adds by each time it is there. */
  #settle({ kind, number }: Reading, times: number): void {
    if (kind === 'null') this.#nulls += times;
    else this.#present += times;
    if (isNumeric(kind)) this.#moments.add(number, times);
  }

  #type(): ColumnType {
    const kinds = [...this.#kinds].filter((kind) => kind !== 'null');
    const [only] = kinds;
    if (only === undefined) return 'empty';
    if (kinds.length === 1) return only;
    return kinds.every(isNumeric) ? 'number' : 'string';
  }

  #figures(type: ColumnType): Pick<ColumnProfile, 'min' | 'max' | 'mean' | 'standardDeviation'> {
    if (type === 'integer' || type === 'number') {
      const { mean, standardDeviation } = this.#moments;
      return { ...this.#numbers.range(), mean, standardDeviation };
    }
    if (type === 'date') return this.#dates.range();
    return type === 'string' ? this.#texts.range() : {};
  }
}

function isNumeric(kind: Kind): boolean {
  return kind === 'integer' || kind === 'number';
}

function shortened(value: string): string {
  const beginning = value.slice(0, MAX_VALUE_LENGTH / 2).toWellFormed();
  return `${beginning}… (${value.length} characters, ${hash('sha256', value).slice(0, 16)})`;
}
