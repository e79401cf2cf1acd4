import type { ItemFiles } from '../core/ports/item-files.ts';
import { lazyPort } from './lazy-port.ts';

/** Objects with items of batches in S3, for a function that loads the S3 client when one is imported. */
export function lazyItemFiles(bucket: string): ItemFiles {
  return lazyPort(['find', 'read'], async () => {
    const [{ payloadClient }, { S3ItemFiles }] = await Promise.all([
      import('./s3-clients.ts'),
      import('./s3-item-files.ts'),
    ]);
    return new S3ItemFiles(payloadClient(1), bucket);
  });
}
