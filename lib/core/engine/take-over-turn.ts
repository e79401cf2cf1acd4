import type { Semaphore } from '../base/semaphore.ts';
import { whenAborted } from '../base/when-aborted.ts';
import { AttemptNotStarted } from './errors.ts';

/**
 * Longest wait for a turn. An attempt that crashes its process mostly does so sooner, and long jobs must not run one
 * after another.
 */
const MAX_WAIT_MILLISECONDS = 10_000;

/**
 * The turn of an attempt that takes over from one that never reported its end. That one may have crashed its process,
 * and the others that ran there then. Those who take over run one at a time, so that the request that causes the crash
 * costs the others no more attempts. The turn lasts until it is disposed.
 */
export class TakeOverTurn implements Disposable {
  readonly #semaphore: Semaphore;
  #slot: Disposable | undefined;

  /** @param semaphore with one slot, shared by all attempts of the process */
  constructor(semaphore: Semaphore) {
    this.#semaphore = semaphore;
  }

  /**
   * Waits for the turn, but not for long. An attempt that has it keeps it.
   * @param stop fires when nothing more is started
   * @throws AttemptNotStarted if the signal fires first
   */
  async take(stop: AbortSignal): Promise<void> {
    if (this.#slot) return;
    const waited = new AbortController();
    const timer = setTimeout(() => waited.abort(), MAX_WAIT_MILLISECONDS);
    const stopWaiting = whenAborted(stop, () => waited.abort());
    this.#slot = await this.#semaphore.acquire({}, waited.signal);
    clearTimeout(timer);
    stopWaiting();
    if (stop.aborted) throw new AttemptNotStarted();
  }

  [Symbol.dispose](): void {
    this.#slot?.[Symbol.dispose]();
  }
}
