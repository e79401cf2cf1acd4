import type { Publication } from '../wire/batch-publisher.ts';

/**
 * Publishes items: groups concurrently, and the items of a group one after another. After an item that isn't published, no
 * other item of its group is.
 * @param groupOf undefined for an item without an order
 * @param publish must not reject
 * @returns the result for each item, in their order
 */
export async function publishInOrder<Item>(
  items: readonly Item[],
  groupOf: (item: Item) => string | undefined,
  publish: (item: Item) => Promise<Publication>,
): Promise<Publication[]> {
  const publications = new Map<Item, Publication>();
  const publishAll = async (sequence: readonly Item[]) => {
    let failure: Publication | undefined;
    for (const item of sequence) {
      const publication = failure ?? (await publish(item));
      publications.set(item, publication);
      // Only the refused item is refused for good; those behind it can be published later.
      if (!publication.published) failure = { ...publication, refused: false };
    }
  };
  const sequences = Map.groupBy(items, (item) => groupOf(item) ?? item);
  await Promise.all([...sequences.values()].map(publishAll));
  return items.map((item) => publications.get(item) ?? NOT_PUBLISHED);
}

const NOT_PUBLISHED: Publication = { published: false, refused: false, reason: 'it was not published' };
