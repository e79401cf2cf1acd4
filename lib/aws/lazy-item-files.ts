import type { ItemFiles } from '../core/ports/item-files.ts';
import { lazy } from './lazy.ts';

/** Objects with items of batches in S3, for a function that loads the S3 client when one is imported. */
export class LazyItemFiles implements ItemFiles {
  readonly #files: () => Promise<ItemFiles>;

  constructor(bucket: string) {
    this.#files = lazy(async () => {
      const [{ payloadClient }, { S3ItemFiles }] = await Promise.all([
        import('./s3-clients.ts'),
        import('./s3-item-files.ts'),
      ]);
      return new S3ItemFiles(payloadClient(1), bucket);
    });
  }

  readonly find: ItemFiles['find'] = async (...args) => (await this.#files()).find(...args);

  readonly read: ItemFiles['read'] = async (...args) => (await this.#files()).read(...args);
}
