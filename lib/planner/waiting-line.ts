/** Messages that wait, in the order they came; those of one moment are one entry. */
export class WaitingLine {
  readonly #arrivedSeconds: number[] = [];
  readonly #counts: number[] = [];
  #first = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** When the one that waits longest arrived; undefined where none waits. */
  get oldestSeconds(): number | undefined {
    return this.#length > 0 ? this.#arrivedSeconds[this.#first] : undefined;
  }

  add(count: number, seconds: number): void {
    if (count === 0) return;
    this.#arrivedSeconds.push(seconds);
    this.#counts.push(count);
    this.#length += count;
  }

  /** Takes the oldest. */
  take(count: number): void {
    this.#length -= count;
    let left = count;
    while (left > 0) {
      const here = this.#counts[this.#first] ?? left;
      if (here > left) {
        this.#counts[this.#first] = here - left;
        return;
      }
      left -= here;
      this.#first += 1;
    }
    this.#forget();
  }

  /** Drops what was taken, rarely enough to cost nothing. */
  #forget(): void {
    if (this.#first < 1_024 || this.#first * 2 < this.#counts.length) return;
    this.#counts.splice(0, this.#first);
    this.#arrivedSeconds.splice(0, this.#first);
    this.#first = 0;
  }
}
