import { fdatasync, fsync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * These take a descriptor, because the file handles that `node:fs/promises` has under Yarn's Plug'n'Play have no `sync()` and
 * `datasync()`.
 */

/** Has a file, or the names in a folder, survive a loss of power. */
export const syncFile = promisify(fsync);

/** Has what was written to a file survive a loss of power. */
export const syncFileData = promisify(fdatasync);
