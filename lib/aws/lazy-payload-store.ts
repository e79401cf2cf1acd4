import { S3_MAX_COPY_BYTES } from '../core/config/aws-limits.ts';
import type { ClaimCheck } from '../core/model/claim-check.ts';
import type { StoredResult } from '../core/model/stored-result.ts';
import type { OpenedPayload, PayloadStore } from '../core/ports/payload-store.ts';
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

  async open(check: ClaimCheck, signal: AbortSignal): Promise<OpenedPayload> {
    return (await this.#store()).open(check, signal);
  }

  async versionOf(check: ClaimCheck, signal: AbortSignal): Promise<string | undefined> {
    return (await this.#store()).versionOf(check, signal);
  }

  async save(
    key: string,
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    signal: AbortSignal,
  ): Promise<StoredResult> {
    return (await this.#store()).save(key, body, contentType, signal);
  }

  async recall(key: string, signal: AbortSignal): Promise<OpenedPayload | undefined> {
    return (await this.#store()).recall(key, signal);
  }

  async copyForConsumer(result: StoredResult, key: string): Promise<StoredResult> {
    return (await this.#store()).copyForConsumer(result, key);
  }
}
