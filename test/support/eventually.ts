import { expect, vi } from 'vitest';
import { IN_TIME } from './in-time.ts';

/** Polls until a condition holds. @returns the value of the last poll */
export function eventually<Value>(poll: () => Value | Promise<Value>): Promise<Value> {
  return vi.waitFor(poll, IN_TIME);
}

/** Polls until at least `count` items have arrived. @param poll returns the items since the last call */
export async function collect<Item>(
  count: number,
  poll: () => Promise<readonly Item[]> | readonly Item[],
): Promise<Item[]> {
  const items: Item[] = [];
  return eventually(async () => {
    items.push(...(await poll()));
    expect(items.length).toBeGreaterThanOrEqual(count);
    return items;
  });
}
