/**
 * Works on items, a few at a time. When one fails no further one is begun, and those begun are waited for.
 * @returns what the work gave, in the items' order
 */
export async function inPool<Item, Value>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Value>,
): Promise<Value[]> {
  const results: Value[] = [];
  const queue = items.entries();
  let failed = false;
  const workInTurn = async () => {
    for (const [index, item] of queue) {
      try {
        results[index] = await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
      if (failed) return;
    }
  };
  const workers = Array.from({ length: atOnce }, workInTurn);
  await Promise.allSettled(workers);
  await Promise.all(workers);
  return results;
}
