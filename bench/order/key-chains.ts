/** Runs tasks of one key one after another, and those of other keys at the same time. */
export class KeyChains {
  readonly #last = new Map<string, Promise<void>>();
  readonly #ended = Promise.withResolvers<void>();
  /** Tasks that were added and haven't ended. */
  waiting = 0;
  /** Tasks that haven't ended. */
  left: number;

  /** @param count how many tasks there will be */
  constructor(count: number) {
    this.left = count;
  }

  /** Resolves when all of them have ended. Rejects if one fails. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  add(key: string, task: () => Promise<void>): void {
    this.waiting++;
    const run = async () => {
      await task();
      this.waiting--;
      if (--this.left === 0) this.#ended.resolve();
    };
    const last = this.#last.get(key)?.then(run) ?? run();
    last.catch(this.#ended.reject);
    this.#last.set(key, last);
  }
}
