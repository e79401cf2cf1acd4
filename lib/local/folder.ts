import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FolderUnusable } from './errors.ts';

/** The project's folder, with a trailing separator. */
export const PROJECT_FOLDER = fileURLToPath(new URL('../../', import.meta.url));

/** Files of the local AWS; the folder can be deleted while nothing runs. */
export const LOCAL_FOLDER = join(PROJECT_FOLDER, '.local');

/** File in that folder with the endpoint of the last deployment, from which the command line finds the local AWS. */
export const ENDPOINT_FILE = 'endpoint';

/** Creates the folder if it doesn't exist. @throws FolderUnusable if that fails, or it isn't writable */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new FolderUnusable(folder, error);
  }
}
