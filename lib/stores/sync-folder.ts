import { open } from 'node:fs/promises';
import { syncFile } from './sync-file.ts';

/** Has the names of new files in a folder survive a loss of power. Windows can't sync folders, and needs it less. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await syncFile(folder.fd);
  } finally {
    await folder.close();
  }
}
