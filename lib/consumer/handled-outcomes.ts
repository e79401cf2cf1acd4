/** Remembers the latest outcomes that were handled, and those that are being handled. */
export class HandledOutcomes {
  readonly #capacity: number;
  readonly #handled = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();

  /** @param capacity most outcomes remembered; none are told apart when it is 0 */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * Handles an outcome unless it was handled before. Is it being handled, this ends as that does.
   * @param key the same for the same outcome
   */
  async once(key: string, handle: () => Promise<void>): Promise<void> {
    if (this.#capacity === 0) return handle();
    if (this.#handled.has(key)) return;
    const running = this.#running.get(key);
    if (running) return running;
    const begun = handle();
    this.#running.set(key, begun);
    try {
      await begun;
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
