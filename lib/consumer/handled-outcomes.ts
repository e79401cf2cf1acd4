/** Remembers the latest handled outcomes, and those in progress. */
export class HandledOutcomes {
  readonly #capacity: number;
  readonly #handled = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();

  /** @param capacity most outcomes to remember; 0 turns deduplication off */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * Handles an outcome unless it was handled before. If it is in progress, waits for that and ends the same way.
   * @param key identifies the outcome
   */
  async once(key: string, handle: () => Promise<void>): Promise<void> {
    if (this.#capacity === 0) return handle();
    if (this.#handled.has(key)) return;
    const running = this.#running.get(key);
    if (running) return running;
    const handling = handle();
    this.#running.set(key, handling);
    try {
      await handling;
      this.#remember(key);
    } finally {
      this.#running.delete(key);
    }
  }

  #remember(key: string): void {
    this.#handled.add(key);
    if (this.#handled.size <= this.#capacity) return;
    const [oldest] = this.#handled;
    if (oldest !== undefined) this.#handled.delete(oldest);
  }
}
