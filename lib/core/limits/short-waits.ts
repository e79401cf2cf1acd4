import { unlessAborted } from '../base/unless-aborted.ts';

/** A request waits in this process if a permit gets free within this time on average. */
export const MAX_SHORT_WAIT_MILLISECONDS = 1_000;

/** The requests that wait in this process, each for one permit that gets free. */
export class ShortWaits {
  #wakes: (() => void)[] = [];

  /** How many wait. */
  get count(): number {
    return this.#wakes.length;
  }

  /** Waits until it is woken, or until a signal fires. */
  async wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wakes.push(resolve);
    await unlessAborted(promise, signal, () => {
      this.#wakes = this.#wakes.filter((other) => other !== resolve);
    });
  }

  /** Wakes the request that has waited longest. */
  wakeNext(): void {
    this.#wakes.shift()?.();
  }
}
