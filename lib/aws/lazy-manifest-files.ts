import type { ManifestFiles } from '../core/ports/manifest-files.ts';
import { lazy } from './lazy.ts';

/** Manifests in S3, for a function that loads the S3 client when a batch has ended. */
export class LazyManifestFiles implements ManifestFiles {
  readonly #files: () => Promise<ManifestFiles>;

  constructor(bucket: string) {
    this.#files = lazy(async () => {
      const [{ transferClient }, { S3ManifestFiles }] = await Promise.all([
        import('./s3-clients.ts'),
        import('./s3-manifest-files.ts'),
      ]);
      return new S3ManifestFiles(transferClient(), bucket);
    });
  }

  readonly put: ManifestFiles['put'] = async (...args) => (await this.#files()).put(...args);

  readonly begin: ManifestFiles['begin'] = async (...args) => (await this.#files()).begin(...args);

  readonly writePart: ManifestFiles['writePart'] = async (...args) =>
    (await this.#files()).writePart(...args);

  readonly complete: ManifestFiles['complete'] = async (...args) => (await this.#files()).complete(...args);

  readonly find: ManifestFiles['find'] = async (...args) => (await this.#files()).find(...args);
}
