/** The first items of a list that fetches its pages on demand: one page, if it holds as many. */
export async function firstOf<Item>(items: AsyncIterable<Item>, count: number): Promise<readonly Item[]> {
  const found: Item[] = [];
  for await (const item of items) {
    found.push(item);
    if (found.length === count) break;
  }
  return found;
}
