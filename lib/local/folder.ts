import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FolderUnusable } from './errors.ts';

/** The folder of the project, with a separator at its end. */
export const PROJECT_FOLDER = fileURLToPath(new URL('../../', import.meta.url));

/** Everything the local AWS needs and leaves behind; it can be deleted whenever nothing runs. */
export const LOCAL_FOLDER = join(PROJECT_FOLDER, '.local');

/** The file in that folder that holds the endpoint of the last deployment. The command line finds the local AWS by it. */
export const ENDPOINT_FILE = 'endpoint';

/** Makes the folder unless it is there. @throws FolderUnusable when that fails, or nothing can be written into it */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new FolderUnusable(folder, error);
  }
}
