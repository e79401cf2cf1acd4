/** Lets at most so many run at a time. Of those that wait the most urgent goes next, the first among equals. */
export class Slots {
  #free: number;
  readonly #waiting: { readonly urgency: number; readonly begin: () => void }[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Runs the work when its turn comes, and ends as it does. */
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
