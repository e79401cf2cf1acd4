/**
 * What goes wrong with one call of a port: it fails and had no effect, it fails although it had its effect (the answer
 * was lost), it never answers and has no effect, or has it when its caller is long gone, or nothing does.
 */
export type Fault = 'fails before' | 'fails after' | 'never answers' | 'comes too late' | 'works';

/** When a call comes that comes too late: longer than any invocation in the tests that have such. */
const TOO_LATE_MILLISECONDS = 12_000;

/** The error an injected fault throws. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
}

/** Faults waiting for the calls of a port. */
export class Faults<Call extends string> {
  readonly #waiting = new Map<Call, Fault[]>();

  /** The next calls of this name meet these faults, one each. */
  inject(call: Call, ...faults: readonly Fault[]): void {
    this.#waiting.set(call, [...(this.#waiting.get(call) ?? []), ...faults]);
  }

  /** The next calls of this name meet none. */
  clear(call: Call): void {
    this.#waiting.delete(call);
  }

  /** Runs a call as its fault, if one waits for it, lets it. */
  async around<Value>(call: Call, effect: () => Value | Promise<Value>): Promise<Value> {
    const fault = this.#waiting.get(call)?.shift();
    if (fault === 'never answers') return new Promise(() => {});
    if (fault === 'comes too late') {
      setTimeout(async () => {
        try {
          await effect();
        } catch {
          // The caller has stopped waiting.
        }
      }, TOO_LATE_MILLISECONDS);
      return new Promise(() => {});
    }
    if (fault === 'fails before') throw new InjectedFault(`${call} failed before it had an effect`);
    const value = await effect();
    if (fault === 'fails after') throw new InjectedFault(`${call} failed after it had its effect`);
    return value;
  }
}
