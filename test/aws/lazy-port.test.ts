import { expect, expectTypeOf, test, vi } from 'vitest';
import { lazyPort } from '../../lib/aws/lazy-port.ts';

class Counter {
  #count = 0;

  async add(by: number): Promise<number> {
    this.#count += by;
    return this.#count;
  }

  get count(): number {
    return this.#count;
  }
}

test('a port opens with the first call, and the later calls reach the same one', async () => {
  const open = vi.fn(async () => new Counter());
  const counter = lazyPort(['add'], open);
  expect(open).not.toHaveBeenCalled();
  expect(await Promise.all([counter.add(1), counter.add(2)])).toEqual([1, 3]);
  expect(open).toHaveBeenCalledTimes(1);
});

test('a call after one that could not open the port opens it', async () => {
  const open = vi.fn(async () => new Counter()).mockRejectedValueOnce(new Error('no network'));
  const counter = lazyPort(['add'], open);
  await expect(counter.add(1)).rejects.toThrow('no network');
  expect(await counter.add(1)).toBe(1);
});

test('only methods that return promises can be called, with their own types', () => {
  const counter = lazyPort(['add'], async () => new Counter());
  expectTypeOf(counter).toEqualTypeOf<Pick<Counter, 'add'>>();
  // @ts-expect-error a getter can't wait until the port is open
  lazyPort(['count'], async () => new Counter());
  // @ts-expect-error no such method
  lazyPort(['subtract'], async () => new Counter());
});
