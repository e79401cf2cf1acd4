/** Those who wait for one signal. */
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

  /** A signal that depends on others isn't collected while it has a listener. */
  delete(act: () => void): void {
    const isLast = this.#acts.delete(act) && this.#acts.size === 0;
    if (isLast) this.#signal.removeEventListener('abort', this.#fire);
  }
}

const waitersOf = new WeakMap<AbortSignal, Waiters>();

/**
 * Acts when a signal fires, at once if it has. However many wait for a signal, it has one listener: an event target
 * walks all of its listeners to add or remove one, so waits cost the square of their number.
 * @returns ends the wait; calling it late or twice does no harm
 */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) {
    act();
    return () => {};
  }
  const waiters = waitersOf.get(signal) ?? new Waiters(signal);
  waitersOf.set(signal, waiters);
  // A function of its own: the same act may wait twice.
  const own = () => act();
  waiters.add(own);
  return () => waiters.delete(own);
}
