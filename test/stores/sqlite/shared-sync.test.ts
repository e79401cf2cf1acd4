import { expect, test } from 'vitest';
import { SharedSync } from '../../../lib/stores/sqlite/shared-sync.ts';

function controlled() {
  const runs: PromiseWithResolvers<void>[] = [];
  const shared = new SharedSync(() => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  });
  return { runs, shared };
}

test('callers during a run share the next one', async () => {
  const { runs, shared } = controlled();
  const first = shared.run();
  await Promise.resolve();
  expect(runs).toHaveLength(1);
  const later = [shared.run(), shared.run()];
  expect(runs).toHaveLength(1);
  runs[0]?.resolve();
  await first;
  await Promise.resolve();
  expect(runs).toHaveLength(2);
  runs[1]?.resolve();
  await Promise.all(later);
});

test('after a failure every call fails', async () => {
  const { runs, shared } = controlled();
  const first = shared.run();
  await Promise.resolve();
  runs[0]?.reject(new Error('EIO'));
  await expect(first).rejects.toThrow('EIO');
  await expect(shared.run()).rejects.toThrow('EIO');
  expect(runs).toHaveLength(1);
});
