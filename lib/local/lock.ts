import { rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;
const HEARTBEAT_MS = 500;

/** A lock that wasn't touched for this long is abandoned: its owner died. */
const ABANDONED_MS = 5_000;

/**
 * Runs work while no other process runs work under the same lock.
 * @param file path of the lock, which exists while the work runs, with a current modification time
 */
export async function withLock<T>(file: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  while (!(await acquire(file))) await sleep(POLL_MS, undefined, { signal });
  const heartbeat = setInterval(() => utimes(file, new Date(), new Date()).catch(() => {}), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await rm(file, { force: true });
  }
}

async function acquire(file: string): Promise<boolean> {
  try {
    await writeFile(file, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const touchedAt = await stat(file).then(({ mtimeMs }) => mtimeMs, Date.now);
    if (Date.now() - touchedAt > ABANDONED_MS) await rm(file, { force: true });
    return false;
  }
}
