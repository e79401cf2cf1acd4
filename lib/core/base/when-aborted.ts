/** The callbacks that wait for one signal. */
class Waiters {
  readonly #signal: AbortSignal;
  readonly #acts = new Set<() => void>();
  readonly #fire = () => {
    for (const act of this.#acts) act();
    this.#acts.clear();
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(act: () => void): void {
    if (this.#acts.size === 0) this.#signal.addEventListener('abort', this.#fire, { once: true });
    this.#acts.add(act);
  }

  /** A signal that depends on others isn't garbage-collected while it has a listener. */
  delete(act: () => void): void {
    const isLast = this.#acts.delete(act) && this.#acts.size === 0;
    if (isLast) this.#signal.removeEventListener('abort', this.#fire);
  }
}

const waitersOf = new WeakMap<AbortSignal, Waiters>();

/**
 * Calls `act` when a signal fires, or at once if it has fired. A signal gets one listener for all callers: an event
 * target scans all listeners to add or remove one, so separate listeners would cost quadratic time.
 * @returns a function that ends the wait; calling it late or twice is harmless
 */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) {
    act();
    return () => {};
  }
  const waiters = waitersOf.get(signal) ?? new Waiters(signal);
  waitersOf.set(signal, waiters);
  // A new function, since the same act may be registered twice.
  const own = () => act();
  waiters.add(own);
  return () => waiters.delete(own);
}
