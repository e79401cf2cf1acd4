import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { withLock } from '../../lib/local/lock.ts';
import { E2E_FOLDER } from './folder.ts';
// No file begins before the services are deployed.
import './stacks.ts';

/** A file waits for as long as all others take together: they end, or their locks are abandoned. */
const UNLIMITED = 0;

const { promise: ended, resolve: end } = Promise.withResolvers<void>();
const locks: Promise<void>[] = [];

// Tests of one stack share its queues. So the stacks that a file names are its own while it runs.
beforeAll(async () => {
  const text = await readFile(expect.getState().testPath ?? '', 'utf8');
  const stacks = new Set(text.match(/\bE2e-[a-z]+/g));
  // In the same order in all files, so that none waits for another in a circle.
  for (const stack of [...stacks].sort()) await lock(stack);
}, UNLIMITED);

afterAll(async () => {
  end();
  await Promise.all(locks);
});

/** Returns when this file has the lock, which it keeps to its end. */
async function lock(stack: string): Promise<void> {
  const { promise: locked, resolve } = Promise.withResolvers<void>();
  const work = () => {
    resolve();
    return ended;
  };
  const released = withLock(`${E2E_FOLDER}/${stack}.lock`, work);
  locks.push(released);
  await Promise.race([locked, released]);
}
