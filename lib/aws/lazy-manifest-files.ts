import type { ManifestFiles } from '../core/ports/manifest-files.ts';
import { lazyPort } from './lazy-port.ts';

/** Manifests in S3, for a function that loads the S3 client when a batch has ended. */
export function lazyManifestFiles(bucket: string): ManifestFiles {
  return lazyPort(['put', 'begin', 'writePart', 'complete', 'find'], async () => {
    const [{ transferClient }, { S3ManifestFiles }] = await Promise.all([
      import('./s3-clients.ts'),
      import('./s3-manifest-files.ts'),
    ]);
    return new S3ManifestFiles(transferClient(), bucket);
  });
}
