import type { ClaimCheck } from '../model/claim-check.ts';
import type { StoredResult } from '../model/stored-result.ts';
import type { OpenedPayload, PayloadStore } from '../ports/payload-store.ts';

/** The bucket in claim checks of results that aren't stored. */
const BUCKET = 'rehearsal';

/** A result that was read to its end, of which the beginning is kept. */
interface KeptResult extends StoredResult {
  readonly bytes: Uint8Array;
}

/** Reads the payloads of a store. Results are read to their ends and thrown away, except for their beginnings. */
export class ShadowPayloadStore implements PayloadStore {
  readonly #store: PayloadStore;
  readonly #keptBytes: number;
  readonly #kept = new Map<string, KeptResult>();

  /** @param keptBytes how much of a result can be opened: enough for an inline result, and to tell text from other bytes */
  constructor(store: PayloadStore, keptBytes: number) {
    this.#store = store;
    this.#keptBytes = keptBytes;
  }

  async open(check: ClaimCheck, signal: AbortSignal): Promise<OpenedPayload> {
    const kept = check.bucket === BUCKET ? this.#kept.get(check.key) : undefined;
    if (!kept) return this.#store.open(check, signal);
    const { bytes, contentType } = kept;
    const body = ReadableStream.from([bytes]);
    return { size: bytes.byteLength, contentType, metadata: {}, body, discard: () => {} };
  }

  versionOf(check: ClaimCheck, signal: AbortSignal): Promise<string | undefined> {
    return this.#store.versionOf(check, signal);
  }

  async save(
    key: string,
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    signal: AbortSignal,
  ): Promise<StoredResult> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    // Until its end, the producer may fail.
    for await (const chunk of body) {
      signal.throwIfAborted();
      if (size < this.#keptBytes) chunks.push(chunk);
      size += chunk.byteLength;
    }
    const result = { check: { bucket: BUCKET, key }, size, contentType };
    this.#kept.set(key, { ...result, bytes: Buffer.concat(chunks).subarray(0, this.#keptBytes) });
    return result;
  }

  recall(key: string, signal: AbortSignal): Promise<OpenedPayload | undefined> {
    return this.#store.recall(key, signal);
  }

  get maxCopyBytes(): number {
    return this.#store.maxCopyBytes;
  }

  /** A rehearsal has no consumer. */
  async copyForConsumer(result: StoredResult): Promise<StoredResult> {
    return result;
  }
}
