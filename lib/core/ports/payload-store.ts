import type { ClaimCheck } from '../model/claim-check.ts';
import type { StoredResult } from '../model/stored-result.ts';

/** A payload being read from a store. */
export interface OpenedPayload {
  /** Size in bytes, if the store reports it. */
  readonly size?: number;
  readonly contentType?: string;
  /** As it was uploaded, including codings that S3 clients add. */
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  /** The object's version, if the store is versioned. */
  readonly versionId?: string;
  /** The metadata that the uploader set on the object. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Stops reading and frees the connection. Harmless after everything was read. */
  discard(): void;
}

/**
 * Stores payloads and large results. It doesn't list or delete: the store's retention deletes objects.
 */
export interface PayloadStore {
  /**
   * Starts reading.
   * @throws PayloadMissing or PayloadDenied, which are permanent; after any other error, a retry may succeed
   */
  open(check: ClaimCheck, signal: AbortSignal): Promise<OpenedPayload>;

  /** The current version of an object; undefined if the store isn't versioned. */
  versionOf(check: ClaimCheck, signal: AbortSignal): Promise<string | undefined>;

  /**
   * Stores a result of any size without holding it in memory. The first writer of a key wins: a later call with the
   * same key returns the stored object, so that a redelivered request has only one result.
   */
  save(
    key: string,
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    signal: AbortSignal,
  ): Promise<StoredResult>;

  /** Opens the object that was saved under a key; undefined if there is none. */
  recall(key: string, signal: AbortSignal): Promise<OpenedPayload | undefined>;

  /** Size of the largest result that {@link copyForConsumer} can copy, in bytes. */
  readonly maxCopyBytes: number;

  /** Copies a stored result to a key that its consumer may delete. @throws PayloadMissing if the result is gone */
  copyForConsumer(result: StoredResult, key: string): Promise<StoredResult>;
}
