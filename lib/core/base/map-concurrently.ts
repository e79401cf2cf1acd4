import { Semaphore } from './semaphore.ts';

/**
 * Maps items with at most `limit` calls of `work` at a time. After a failure, starts no further call, and waits for those
 * that have started.
 * @returns the results, in the order of the items
 * @throws the first error
 */
export async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const semaphore = new Semaphore(limit);
  const failed = new AbortController();
  const results = items.map((item) =>
    semaphore.run({}, async () => {
      failed.signal.throwIfAborted();
      try {
        return await work(item);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  await Promise.allSettled(results);
  failed.signal.throwIfAborted();
  return Promise.all(results);
}
