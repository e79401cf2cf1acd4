import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedObject } from '../../core/ports/audit-source.ts';
import { OBJECTS } from './delete-objects.ts';
import { readHeader } from './object-header.ts';

/** Lists the objects of a directory store, in no order. Those that are deleted meanwhile may be missing. */
export async function* listObjects(directory: string): AsyncGenerator<ListedObject, void> {
  for (const { name: folder } of await readdir(directory, { withFileTypes: true })) {
    if (!OBJECTS.test(folder)) continue;
    for (const name of await readdir(join(directory, folder))) {
      const object = await readObject(join(directory, folder, name)).catch(() => undefined);
      if (object) yield object;
    }
  }
}

async function readObject(path: string): Promise<ListedObject> {
  // Under Yarn's Plug'n'Play, file handles have no `Symbol.asyncDispose`.
  const file = await open(path);
  try {
    const [{ key }, { mtimeMs }] = await Promise.all([readHeader(file), file.stat()]);
    return { key, modifiedAt: mtimeMs };
  } finally {
    await file.close();
  }
}
