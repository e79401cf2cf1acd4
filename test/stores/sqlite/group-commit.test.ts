import { expect, test } from 'vitest';
import { GroupCommit } from '../../../lib/stores/sqlite/group-commit.ts';

/** A group commit whose waits for the disk end when the test says so. */
function controlled({ lockedTimes = 0 } = {}) {
  const steps: string[] = [];
  const sync = Promise.withResolvers<void>();
  let locked = lockedTimes;
  const commits = new GroupCommit(
    {
      begin: () => {
        if (locked-- > 0) throw new Error('locked');
        steps.push('begin');
      },
      commit: () => steps.push('commit'),
      rollback: () => steps.push('rollback'),
      sync: () => {
        steps.push('sync');
        return sync.promise;
      },
      isConstraint: () => false,
      isBusy: (error) => error instanceof Error && error.message === 'locked',
      unavailable: (cause) => new Error('unavailable', { cause }),
    },
    () => {},
  );
  return { commits, steps, sync };
}

test('confirms a change on the disk after the wait for the disk, and another one before', async () => {
  const { commits, steps, sync } = controlled();
  let isDurable = false;
  const durable = commits
    .run(() => 'durable', 'on disk')
    .then((value) => {
      isDurable = true;
      return value;
    });
  expect(await commits.run(() => 'quick', 'committed')).toBe('quick');
  await expect.poll(() => steps).toEqual(['begin', 'commit', 'sync']);
  expect(isDurable).toBe(false);
  sync.resolve();
  expect(await durable).toBe('durable');
});

test('rejects a change that may not be on the disk', async () => {
  const { commits, steps, sync } = controlled();
  const durable = commits.run(() => 1, 'on disk');
  await expect.poll(() => steps).toEqual(['begin', 'commit', 'sync']);
  sync.reject(new Error('EIO'));
  await expect(durable).rejects.toThrow('EIO');
});

test('waits for the disk once for a change and what is written as soon as it is committed', async () => {
  const { commits, steps, sync } = controlled();
  sync.resolve();
  const first = commits.run(() => 1, 'on disk');
  await commits.run(() => 2, 'committed');
  await Promise.all([first, commits.run(() => 3, 'on disk')]);
  expect(steps).toEqual(['begin', 'commit', 'begin', 'commit', 'sync']);
});

test('does not wait for the disk if no change needs it', async () => {
  const { commits, steps } = controlled();
  await commits.run(() => 1, 'committed');
  await commits.idle();
  expect(steps).toEqual(['begin', 'commit']);
});

test('runs the others again without a change that fails', async () => {
  const { commits, steps } = controlled();
  const runs: string[] = [];
  const run = (name: string) => commits.run(() => runs.push(name), 'committed');
  const before = run('a');
  const failing = commits.run(() => {
    throw new Error('no');
  }, 'committed');
  await Promise.allSettled([before, failing, run('b')]);
  expect(steps).toEqual(['begin', 'rollback', 'begin', 'commit']);
  expect(runs).toEqual(['a', 'a', 'b']);
});

test('tries again while the database is locked', async () => {
  const { commits, steps } = controlled({ lockedTimes: 3 });
  expect(await commits.run(() => 1, 'committed')).toBe(1);
  expect(steps).toEqual(['begin', 'commit']);
});

test('is idle when no change waits', async () => {
  const { commits, sync } = controlled();
  await commits.idle();
  const durable = commits.run(() => 1, 'on disk');
  let isIdle = false;
  const idle = commits.idle().then(() => {
    isIdle = true;
  });
  await commits.run(() => 1, 'committed');
  expect(isIdle).toBe(false);
  sync.resolve();
  await Promise.all([durable, idle]);
});
