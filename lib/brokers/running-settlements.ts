/** Settlements that have begun: a queue that is closed waits for them. */
export class RunningSettlements {
  readonly #running = new Set<Promise<unknown>>();

  /** Tracks a settlement until it ends. @returns the settlement */
  add<Settlement extends Promise<unknown>>(settlement: Settlement): Settlement {
    this.#running.add(settlement);
    const remove = () => this.#running.delete(settlement);
    settlement.then(remove, remove);
    return settlement;
  }

  /** Waits for all of them, however they end. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#running);
  }
}
