import { fdatasync, fsync } from 'node:fs';
import { promisify } from 'node:util';

// Both take a descriptor: under Yarn's Plug'n'Play, the file handles of `node:fs/promises` have no `sync()` and `datasync()`.

/** Makes a file, or the names in a folder, survive a loss of power. */
export const syncFile = promisify(fsync);

/** Makes the data of a file survive a loss of power. */
export const syncFileData = promisify(fdatasync);
