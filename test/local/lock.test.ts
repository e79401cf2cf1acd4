import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withLock } from '../../lib/local/lock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('runs work under a lock one at a time, also after a failure', async () => {
  const file = join(await temporaryFolder(), 'lock');
  let working = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++working);
    await new Promise((resolve) => setTimeout(resolve, 20));
    working--;
    throw new Error('failed');
  };

  const all = await Promise.allSettled(Array.from({ length: 5 }, () => withLock(file, work)));

  expect(all.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
  expect(most).toBe(1);
});

test('takes over the lock of a process that died', async () => {
  const file = join(await temporaryFolder(), 'lock');
  await writeFile(file, '');
  const aMinuteAgo = new Date(Date.now() - 60_000);
  await utimes(file, aMinuteAgo, aMinuteAgo);

  expect(await withLock(file, async () => 'done')).toBe('done');
});

test('a signal ends the wait for a lock', async () => {
  const file = join(await temporaryFolder(), 'lock');
  const waiting = withLock(file, () => withLock(file, async () => 'never', AbortSignal.timeout(50)));

  await expect(waiting).rejects.toThrow(/abort/i);
});
