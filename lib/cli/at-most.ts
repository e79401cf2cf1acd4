/** Yields items up to a limit. @param onCut called when it stops at the limit */
export async function* atMost<Item>(
  items: AsyncIterable<Item>,
  limit: number,
  onCut: () => void = () => {},
): AsyncGenerator<Item, void> {
  let count = 0;
  for await (const item of items) {
    yield item;
    if (++count >= limit) return onCut();
  }
}
