import { whenAborted } from './when-aborted.ts';

/** The promise's value, or `fallback()` if the signal fires first. */
export async function unlessAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal,
  fallback: () => Value | Promise<Value>,
): Promise<Value> {
  const { promise: aborted, resolve } = Promise.withResolvers<typeof ABORTED>();
  const stopWaiting = whenAborted(signal, () => resolve(ABORTED));
  try {
    const first = await Promise.race([promise, aborted]);
    return first === ABORTED ? await fallback() : first;
  } finally {
    stopWaiting();
  }
}

const ABORTED = Symbol('aborted');
