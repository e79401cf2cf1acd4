import { whenAborted } from './when-aborted.ts';

interface Waiting {
  readonly urgency: number;
  readonly begin: () => void;
}

/** Limits how many tasks run at a time. The most urgent waiting task runs next; equally urgent ones run in order of arrival. */
export class Semaphore {
  #free: number;
  readonly #waiting: Waiting[] = [];

  /** @param count most tasks that run at a time */
  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Takes a slot as soon as one is free. Disposing of it frees it.
   * @returns undefined if the signal fires first
   */
  async acquire(urgency: number, signal: AbortSignal): Promise<Disposable | undefined> {
    if (signal.aborted) return undefined;
    if (this.#free > 0) this.#free--;
    else if (!(await this.#turnUnlessAborted(urgency, signal))) return undefined;
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
    this.#enqueue({ urgency, begin: resolve });
    return promise;
  }

  /** @returns whether the turn came before the signal fired */
  async #turnUnlessAborted(urgency: number, signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting = { urgency, begin: () => resolve(true) };
    this.#enqueue(waiting);
    const stopWaiting = whenAborted(signal, () => {
      const index = this.#waiting.indexOf(waiting);
      if (index < 0) return;
      this.#waiting.splice(index, 1);
      resolve(false);
    });
    const isMyTurn = await promise;
    stopWaiting();
    return isMyTurn;
  }

  #enqueue(waiting: Waiting): void {
    const before = this.#waiting.findLastIndex((other) => other.urgency >= waiting.urgency);
    this.#waiting.splice(before + 1, 0, waiting);
  }
}
