interface Entry<Fact> {
  readonly fact: Fact;
  /** Occurrences since the last settlement. */
  unsettled: number;
  /** Occurrences settled, less what purges took away. */
  count: number;
}

/** A value with the number of times it occurred: exactly, or at least (see {@link FrequentValues.undercount}). */
export interface FrequentValue<Fact> {
  readonly value: string;
  readonly fact: Fact;
  readonly count: number;
}

/**
 * Counts values in a table of bounded size: exact while every value has a place, afterwards the Misra–Gries summary
 * with purges by the median that Anderson et al. describe ("A High-Performance Algorithm for Identifying Frequent
 * Items in Data Streams", 2017). After n values, each count is short of the truth by at most 2n / capacity.
 *
 * What is to be known of a value (its fact) is worked out when it enters the table, not each time it occurs; what is
 * to be calculated from all occurrences is handed over in sums, when values are settled.
 */
export class FrequentValues<Fact> {
  readonly #capacity: number;
  readonly #learn: (value: string) => Fact;
  readonly #settle: (fact: Fact, times: number) => void;
  #entries = new Map<string, Entry<Fact>>();
  #undercount = 0;

  /**
   * @param learn called with a value that enters the table, also when it was there before
   * @param settle called so often that in the end each occurrence of each value was handed over once
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

  /** How far a count may fall short of the truth; 0 while counts are exact. */
  get undercount(): number {
    return this.#undercount;
  }

  /** Hands over what wasn't handed over yet. */
  settle(): void {
    for (const entry of this.#entries.values()) {
      if (entry.unsettled === 0) continue;
      this.#settle(entry.fact, entry.unsettled);
      entry.count += entry.unsettled;
      entry.unsettled = 0;
    }
  }

  /** Every value that occurred more often than any value that isn't in the table can have. To be settled before. */
  *frequent(): Iterable<FrequentValue<Fact>> {
    for (const [value, { fact, count }] of this.#entries) {
      if (count > this.#undercount) yield { value, fact, count };
    }
  }

  #enter(value: string): void {
    if (this.#entries.size === this.#capacity) this.#purge();
    this.#entries.set(value, { fact: this.#learn(value), unsettled: 1, count: 0 });
  }

  /** Takes the median count off all counts, and keeps what is left with something: half of the table at most. */
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
