import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../sync-folder.ts';

/** Where records or messages are that may refer to the objects of a directory. */
export interface Referrer {
  /** Names a file or a table, the same in every process. */
  readonly url: string;
  /** How long it needs an object after the object was written or last used, in days. */
  readonly ageDays: number;
}

/** The folder in the directory of the store. */
const FOLDER = 'referrers';

/**
 * Notes in a directory store which files and tables may refer to its objects, so that every process that deletes old
 * objects knows all of them.
 */
export class Referrers {
  readonly #folder: string;

  /** @param directory the store's */
  constructor(directory: string) {
    this.#folder = join(directory, FOLDER);
  }

  /** Notes a referrer. Survives a loss of power, as the objects do. */
  async add(referrer: Referrer): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const name = createHash('sha256').update(referrer.url).digest('hex');
    const unfinished = join(this.#folder, `.${crypto.randomUUID()}`);
    await writeFile(unfinished, `${JSON.stringify(referrer)}\n`, { flush: true });
    await rename(unfinished, join(this.#folder, `${name}.json`));
    await syncFolder(this.#folder);
  }

  /** @throws Error if one can't be read */
  async list(): Promise<readonly Referrer[]> {
    await mkdir(this.#folder, { recursive: true });
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.json'));
    return Promise.all(
      names.map(
        async (name): Promise<Referrer> => JSON.parse(await readFile(join(this.#folder, name), 'utf8')),
      ),
    );
  }
}
