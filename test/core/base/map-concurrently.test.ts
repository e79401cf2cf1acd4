import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mapConcurrently } from '../../../lib/core/base/map-concurrently.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('runs a few calls at a time, and returns the results in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 4 })),
      fc.integer({ min: 1, max: 5 }),
      async (turns, atOnce) => {
        let running = 0;
        let most = 0;
        const results = await mapConcurrently([...turns.entries()], atOnce, async ([index, count]) => {
          most = Math.max(most, ++running);
          for (let i = 0; i < count; i++) await turn();
          running--;
          return index;
        });
        expect(results).toEqual([...turns.keys()]);
        expect(most).toBe(Math.min(atOnce, turns.length));
      },
    ),
  );
});

test('after a failure, starts no further call, and waits for those that have started', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const mapping = mapConcurrently([0, 1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 1) throw new Error('no');
    for (let i = 0; i < 5; i++) await turn();
    ended.push(item);
  });

  await expect(mapping).rejects.toThrow('no');
  expect(begun).toEqual([0, 1]);
  expect(ended).toEqual([0]);
});
