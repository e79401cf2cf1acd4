/**
 * Creates a value at the first call and keeps it. If that fails, the next call tries again.
 * @returns a function that returns the same value at every call
 */
export function lazy<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
