import type { InProcessAws } from '../support/in-process-aws.ts';

/** Sums the time of SDK calls, which must be sequential. */
export class SdkStopwatch {
  microseconds = 0;

  constructor({ queues, records }: InProcessAws) {
    queues.middlewareStack.add((next) => (args) => this.#timed(() => next(args)), OUTERMOST);
    records.middlewareStack.add((next) => (args) => this.#timed(() => next(args)), OUTERMOST);
  }

  async #timed<Value>(call: () => Promise<Value>): Promise<Value> {
    const startedAt = performance.now();
    const value = await call();
    this.microseconds += (performance.now() - startedAt) * 1_000;
    return value;
  }
}

/** Wraps the whole call. */
const OUTERMOST = { step: 'initialize', priority: 'high' } as const;
