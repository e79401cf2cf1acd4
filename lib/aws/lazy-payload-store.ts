import { S3_MAX_COPY_BYTES } from '../core/config/aws-limits.ts';
import type { PayloadStore } from '../core/ports/payload-store.ts';
import { lazy } from './lazy.ts';

/**
 * A payload store in S3 that loads the S3 client when it is first needed. The client is most of the code of a function
 * that loads it, and a function whose payloads and results are all inline never needs it.
 */
export class LazyPayloadStore implements PayloadStore {
  readonly maxCopyBytes = S3_MAX_COPY_BYTES;
  readonly #store: () => Promise<PayloadStore>;

  /** @param bucket for results @param openPayloads most payloads open at the same time; each holds a socket */
  constructor(bucket: string, openPayloads: number) {
    this.#store = lazy(async () => {
      const [{ payloadClient }, { S3PayloadStore }] = await Promise.all([
        import('./s3-clients.ts'),
        import('./s3-payload-store.ts'),
      ]);
      return new S3PayloadStore(payloadClient(openPayloads), bucket);
    });
  }

  readonly open: PayloadStore['open'] = async (...args) => (await this.#store()).open(...args);

  readonly versionOf: PayloadStore['versionOf'] = async (...args) => (await this.#store()).versionOf(...args);

  readonly save: PayloadStore['save'] = async (...args) => (await this.#store()).save(...args);

  readonly recall: PayloadStore['recall'] = async (...args) => (await this.#store()).recall(...args);

  readonly copyForConsumer: PayloadStore['copyForConsumer'] = async (...args) =>
    (await this.#store()).copyForConsumer(...args);
}
