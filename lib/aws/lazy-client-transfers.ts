import type { ClientTransfers } from '../core/ports/client-transfers.ts';
import { lazyPort } from './lazy-port.ts';

/** Client transfers in S3 for functions that load the S3 client when they first need it. */
export function lazyClientTransfers(bucket: string): ClientTransfers {
  return lazyPort(
    ['form', 'beginParts', 'partUrls', 'completeParts', 'abortParts', 'downloadUrl'],
    async () => {
      const [{ transferClient }, { S3ClientTransfers }] = await Promise.all([
        import('./s3-clients.ts'),
        import('./s3-client-transfers.ts'),
      ]);
      return new S3ClientTransfers(transferClient(), bucket);
    },
  );
}
