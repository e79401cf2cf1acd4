/**
 * Gives out turns by weight: of as many turns as all weights together, each key gets as many as its own weight, spread evenly.
 * Smooth weighted round robin, as in nginx.
 */
export class WeightedTurns<Key> {
  readonly #weights: ReadonlyMap<Key, number>;
  readonly #credits = new Map<Key, number>();

  /** @param weights positive; the first of equals goes first */
  constructor(weights: ReadonlyMap<Key, number>) {
    this.#weights = weights;
  }

  /**
   * The key that has the next turn. A key that doesn't want one saves nothing up, and the others share its turns.
   * @returns undefined if none wants one
   */
  next(wants: (key: Key) => boolean): Key | undefined {
    let total = 0;
    let next: { readonly key: Key; readonly credit: number } | undefined;
    for (const [key, weight] of this.#weights) {
      if (!wants(key)) {
        this.#credits.delete(key);
        continue;
      }
      const credit = (this.#credits.get(key) ?? 0) + weight;
      this.#credits.set(key, credit);
      total += weight;
      if (next === undefined || credit > next.credit) next = { key, credit };
    }
    if (next) this.#credits.set(next.key, next.credit - total);
    return next?.key;
  }
}
