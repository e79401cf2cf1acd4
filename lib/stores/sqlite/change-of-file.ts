import { stat } from 'node:fs/promises';

/**
 * What became of an open file's path, such as by restoring a backup. The system keeps the open file, which no other process finds.
 * @param inode what the path named when it was opened
 */
export async function changeOfFile(path: string, inode: number): Promise<'deleted' | 'replaced' | undefined> {
  const { ino } = await stat(path).catch(() => ({ ino: undefined }));
  if (ino === inode) return undefined;
  return ino === undefined ? 'deleted' : 'replaced';
}
