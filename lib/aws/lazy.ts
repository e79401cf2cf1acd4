/**
 * Makes a value at the first call and keeps it. When that fails, the next call tries again.
 * @returns the value, the same one for every call
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
