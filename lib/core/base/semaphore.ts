/** Limits how many tasks run at a time. The most urgent waiting task runs next; equally urgent ones run in order of arrival. */
export class Semaphore {
  #free: number;
  readonly #waiting: { readonly urgency: number; readonly begin: () => void }[] = [];

  /** @param count most tasks that run at a time */
  constructor(count: number) {
    this.#free = count;
  }

  /** Runs the work as soon as a slot is free, and settles as the work does. */
  async run<Value>(urgency: number, work: () => Promise<Value>): Promise<Value> {
    if (this.#free > 0) this.#free--;
    else await this.#turn(urgency);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next.begin();
      else this.#free++;
    }
  }

  #turn(urgency: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#waiting.findLastIndex((other) => other.urgency >= urgency);
    this.#waiting.splice(before + 1, 0, { urgency, begin: resolve });
    return promise;
  }
}
