import { hash } from 'node:crypto';
import { DistinctCount } from './distinct-count.ts';
import { Extremes } from './extremes.ts';
import { FrequentValues } from './frequent-values.ts';
import { Moments } from './moments.ts';
import { type Kind, type Reading, read } from './value.ts';

/** The type that fits all values of a column; `empty` if all are null. */
export type ColumnType = Exclude<Kind, 'null'> | 'empty';

/** Profile of a column. */
export interface ColumnProfile {
  readonly name: string;
  readonly type: ColumnType;
  readonly nulls: number;
  /** For numbers; for dates, compared by time and shown as written; for text, compared by UTF-16 code units. */
  readonly min?: number | string;
  readonly max?: number | string;
  /** For numbers. */
  readonly mean?: number;
  /** For numbers; of the sample (n − 1), so at least two are needed. */
  readonly standardDeviation?: number;
  /** Distinct values as written, without nulls. If not exact, an estimate with a standard error of 0.8 %. */
  readonly distinct: { readonly count: number; readonly exact: boolean };
  /** The most frequent values, without nulls. */
  readonly top: {
    readonly values: readonly { readonly value: string; readonly count: number }[];
    /** Counts may be too low by up to this; rarer values are omitted. 0 if exact. */
    readonly undercount: number;
  };
}

const TOP_VALUES = 10;

/** Longer values are stored as a prefix and a hash, so that they stay distinct. */
const MAX_VALUE_LENGTH = 128;

/** Collects the profile of a column, in memory that doesn't grow with the rows. */
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

  /** @param capacity number of distinct values up to which counts are exact */
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

  /** Contribution of a distinct value. */
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

  /** Contribution of each occurrence of a value. */
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
