import { link, mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UNFINISHED } from './payload-store.ts';

/** The folders of objects have names of two hexadecimal digits. */
export const OBJECTS = /^[0-9a-f]{2}$/;

/** A file in the directory whose age says when old objects were last deleted. */
const STAMP = 'swept';

/**
 * Whether it is time to delete old objects again. The first process that asks after the interval is to do it.
 * @param now milliseconds since 1970
 */
export async function takeSweep(
  directory: string,
  now: number,
  intervalMilliseconds: number,
): Promise<boolean> {
  const path = join(directory, STAMP);
  const at = (await modifiedAt(path)) ?? 0;
  // A clock that was set back must not stop it.
  if (Math.abs(now - at) < intervalMilliseconds) return false;
  await writeFile(path, '');
  await utimes(path, now / 1000, now / 1000);
  return true;
}

/**
 * Deletes the objects of a directory store that were written, or last renewed, before a time, and what processes left that
 * ended while they wrote. Only what is older is touched: a process may still be writing the rest.
 * @param directory the store's
 * @param before milliseconds since 1970
 * @param signal ends it early
 * @returns how many files it deleted
 */
export async function deleteObjectsBefore(
  directory: string,
  before: number,
  signal: AbortSignal,
): Promise<number> {
  let deleted = 0;
  const unfinished = join(directory, UNFINISHED);
  await mkdir(unfinished, { recursive: true });
  for (const { name: folder } of await readdir(directory, { withFileTypes: true })) {
    if (!OBJECTS.test(folder) && folder !== UNFINISHED) continue;
    for (const name of await readdir(join(directory, folder))) {
      if (signal.aborted) return deleted;
      const path = join(directory, folder, name);
      if (((await modifiedAt(path)) ?? before) >= before) continue;
      if (folder === UNFINISHED) await rm(path, { force: true });
      else if (!(await deleteObject(path, before, join(unfinished, crypto.randomUUID())))) continue;
      deleted++;
    }
  }
  return deleted;
}

/**
 * Deletes an object unless it is renewed meanwhile by a process that adopts it. Its name goes first: a process that
 * adopts it after that finds none, and writes its own.
 */
async function deleteObject(path: string, before: number, taken: string): Promise<boolean> {
  // Another process may have deleted it.
  const isTaken = await rename(path, taken).then(
    () => true,
    () => false,
  );
  if (!isTaken) return false;
  const isRenewed = ((await modifiedAt(taken)) ?? 0) >= before;
  // If there is another one by now, that one counts.
  if (isRenewed) await link(taken, path).catch(() => {});
  await rm(taken, { force: true });
  return !isRenewed;
}

/** When a file was last written or renewed; undefined if it doesn't exist. */
async function modifiedAt(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
}
