/** Minimum and maximum by a key, with the text to show. */
export class Extremes<Key extends number | string, Shown> {
  #least: { key: Key; shown: Shown } | undefined;
  #greatest: { key: Key; shown: Shown } | undefined;

  see(key: Key, shown: Shown): void {
    if (this.#least === undefined || key < this.#least.key) this.#least = { key, shown };
    if (this.#greatest === undefined || key > this.#greatest.key) this.#greatest = { key, shown };
  }

  /** Empty without values. */
  range(): { min?: Shown; max?: Shown } {
    if (this.#least === undefined || this.#greatest === undefined) return {};
    return { min: this.#least.shown, max: this.#greatest.shown };
  }
}
