/** The least and the greatest of what was seen, by a key that is compared, in a form that is shown. */
export class Extremes<Key extends number | string, Shown> {
  #least: { key: Key; shown: Shown } | undefined;
  #greatest: { key: Key; shown: Shown } | undefined;

  see(key: Key, shown: Shown): void {
    if (this.#least === undefined || key < this.#least.key) this.#least = { key, shown };
    if (this.#greatest === undefined || key > this.#greatest.key) this.#greatest = { key, shown };
  }

  /** Empty when nothing was seen. */
  range(): { min?: Shown; max?: Shown } {
    if (this.#least === undefined || this.#greatest === undefined) return {};
    return { min: this.#least.shown, max: this.#greatest.shown };
  }
}
