interface Entry<Fact> {
  readonly fact: Fact;
  /** Occurrences since the last settlement. */
  unsettled: number;
  /** Occurrences settled, minus those that purges removed. */
  count: number;
}

/** A value with its count, which may be too low (see {@link FrequentValues.undercount}). */
export interface FrequentValue<Fact> {
  readonly value: string;
  readonly fact: Fact;
  readonly count: number;
}

/**
 * Counts values in a table of bounded size: exact while every value fits, then the Misra–Gries summary with purges by the
 * median that Anderson et al. describe ("A High-Performance Algorithm for Identifying Frequent
 * Items in Data Streams", 2017). After n values, each count is short of the truth by at most 2n / capacity.
 *
 * The fact about a value is computed when it enters the table, not at each occurrence. Statistics over all occurrences get
 * sums when values are settled.
 */
export class FrequentValues<Fact> {
  readonly #capacity: number;
  readonly #learn: (value: string) => Fact;
  readonly #settle: (fact: Fact, times: number) => void;
  #entries = new Map<string, Entry<Fact>>();
  #undercount = 0;

  /**
   * @param learn called with each value that enters the table, also if it re-enters
   * @param settle called with numbers of occurrences; in the end, every occurrence was passed once
   */
  constructor(capacity: number, learn: (value: string) => Fact, settle: (fact: Fact, times: number) => void) {
    this.#capacity = capacity;
    this.#learn = learn;
    this.#settle = settle;
  }

  add(value: string): void {
    const entry = this.#entries.get(value);
    if (entry === undefined) this.#enter(value);
    else entry.unsettled++;
  }

  /** How much a count may be too low; 0 while counts are exact. */
  get undercount(): number {
    return this.#undercount;
  }

  /** Settles all occurrences that aren't settled. */
  settle(): void {
    for (const entry of this.#entries.values()) {
      if (entry.unsettled === 0) continue;
      this.#settle(entry.fact, entry.unsettled);
      entry.count += entry.unsettled;
      entry.unsettled = 0;
    }
  }

  /** Every value that is certainly more frequent than all values outside the table. Call {@link settle} before. */
  *frequent(): Iterable<FrequentValue<Fact>> {
    for (const [value, { fact, count }] of this.#entries) {
      if (count > this.#undercount) yield { value, fact, count };
    }
  }

  #enter(value: string): void {
    if (this.#entries.size === this.#capacity) this.#purge();
    this.#entries.set(value, { fact: this.#learn(value), unsettled: 1, count: 0 });
  }

  /** Subtracts the median count from all counts and keeps the positive ones: at most half of the table. */
  #purge(): void {
    this.settle();
    const counts = new Float64Array(this.#entries.size);
    let index = 0;
    for (const entry of this.#entries.values()) counts[index++] = entry.count;
    const median = counts.sort()[counts.length >> 1] ?? 0;
    const kept = new Map<string, Entry<Fact>>();
    for (const [value, entry] of this.#entries) {
      entry.count -= median;
      if (entry.count > 0) kept.set(value, entry);
    }
    this.#entries = kept;
    this.#undercount += median;
  }
}
