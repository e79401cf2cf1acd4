/** Keeps something alive while work is done. */
export interface Heartbeat {
  readonly intervalMilliseconds: number;
  beat(): Promise<void>;
  /** Called when a beat fails; the next one may succeed. What it throws ends the heartbeat. */
  onError(error: unknown): void;
}

/**
 * Beats until it is disposed of, which takes until the last beat is over: a late one would undo what comes after.
 * Disposing of it throws what `onError` threw.
 */
export function startHeartbeat(heartbeat: Heartbeat): AsyncDisposable {
  let beating: Promise<void> | undefined;
  let thrown: { readonly error: unknown } | undefined;
  const beat = async () => {
    try {
      await heartbeat.beat().catch((error: unknown) => heartbeat.onError(error));
    } catch (error) {
      thrown = { error };
      clearInterval(timer);
    }
    beating = undefined;
  };
  const timer = setInterval(() => {
    // A beat may take longer than the interval.
    beating ??= beat();
  }, heartbeat.intervalMilliseconds);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await beating;
      if (thrown) throw thrown.error;
    },
  };
}
