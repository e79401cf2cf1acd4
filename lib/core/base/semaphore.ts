/** Limits how many tasks run at a time. The most urgent waiting task runs next; equally urgent ones run in order of arrival. */
export class Semaphore {
  #free: number;
  readonly #waiting: { readonly urgency: number; readonly begin: () => void }[] = [];

  /** @param count most tasks that run at a time */
  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a slot as soon as one is free. Disposing of it frees it. */
  async acquire(urgency: number): Promise<Disposable> {
    if (this.#free > 0) this.#free--;
    else await this.#turn(urgency);
    return { [Symbol.dispose]: () => this.#release() };
  }

  /** Runs the work as soon as a slot is free, at once if one is, and settles as the work does. */
  async run<Value>(urgency: number, work: () => Promise<Value>): Promise<Value> {
    if (this.#free > 0) this.#free--;
    else await this.#turn(urgency);
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next.begin();
    else this.#free++;
  }

  #turn(urgency: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#waiting.findLastIndex((other) => other.urgency >= urgency);
    this.#waiting.splice(before + 1, 0, { urgency, begin: resolve });
    return promise;
  }
}
