import { expect, test } from 'vitest';
import { LimitStates } from '../../../lib/core/limits/limit-states.ts';
import { UNUSED } from '../../../lib/core/model/limit-state.ts';
import { MemoryLimitStore } from '../../../lib/stores/memory/limit-store.ts';

test('processes that change one state at the same time all do, their tries spread by the random source', async () => {
  const store = new MemoryLimitStore();
  let asked = 0;
  const random = () => {
    asked++;
    return (asked % 10) / 10;
  };
  const changes = Array.from({ length: 10 }, () =>
    new LimitStates(store, random).change(
      'all=',
      (state) => ({ ...state, waiting: state.waiting + 1 }),
      { state: UNUSED, revision: 0 },
      0,
    ),
  );
  await Promise.all(changes);
  expect((await store.read('all='))?.state.waiting).toBe(10);
  expect(asked).toBeGreaterThan(0);
});
