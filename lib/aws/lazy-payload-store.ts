import { S3_MAX_COPY_BYTES } from '../core/config/aws-limits.ts';
import type { PayloadStore } from '../core/ports/payload-store.ts';
import { lazyPort } from './lazy-port.ts';

/**
 * A payload store in S3 that loads the S3 client when it is first needed. The client is most of the code of a function
 * that loads it, and a function whose payloads and results are all inline never needs it.
 * @param bucket for results
 * @param openPayloads most payloads open at the same time; each holds a socket
 */
export function lazyPayloadStore(bucket: string, openPayloads: number): PayloadStore {
  const methods = lazyPort(['open', 'versionOf', 'save', 'recall', 'copyForConsumer'], async () => {
    const [{ payloadClient }, { S3PayloadStore }] = await Promise.all([
      import('./s3-clients.ts'),
      import('./s3-payload-store.ts'),
    ]);
    return new S3PayloadStore(payloadClient(openPayloads), bucket);
  });
  return { maxCopyBytes: S3_MAX_COPY_BYTES, ...methods };
}
