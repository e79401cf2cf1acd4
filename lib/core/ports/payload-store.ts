import type { ClaimCheck } from '../model/claim-check.ts';
import type { StoredResult } from '../model/stored-result.ts';

/** A payload being read from a store. */
export interface OpenedPayload {
  /** Bytes in all, where the store says so. */
  readonly size?: number;
  readonly contentType?: string;
  /** As it was uploaded, the codings S3's clients add among them. */
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  /** The object's version, in a bucket that has versions. */
  readonly versionId?: string;
  /** What the uploader noted on the object. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the reading and frees the connection; harmless when everything was read. */
  discard(): void;
}

/**
 * Where payloads are read and large results are kept.
 * Leaves out listing and deleting: objects end by the bucket's lifecycle.
 */
export interface PayloadStore {
  /**
   * Starts reading.
   * @throws PayloadMissing, PayloadDenied when that is final; anything else is worth another attempt
   */
  open(check: ClaimCheck, signal: AbortSignal): Promise<OpenedPayload>;

  /** The version an object has now; undefined in a bucket without versions. */
  versionOf(check: ClaimCheck, signal: AbortSignal): Promise<string | undefined>;

  /**
   * Stores a result of any size without holding it in memory. The first writer of a key wins: a later call with the
   * same key adopts what is there, so that a redelivered request has one result.
   */
  save(
    key: string,
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    signal: AbortSignal,
  ): Promise<StoredResult>;

  /** Opens what was saved under a key; undefined when nothing was. */
  recall(key: string, signal: AbortSignal): Promise<OpenedPayload | undefined>;

  /** Largest result {@link copyForConsumer} can copy. */
  readonly maxCopyBytes: number;

  /** Copies a stored result to a key its consumer may delete. @throws PayloadMissing when it is gone */
  copyForConsumer(result: StoredResult, key: string): Promise<StoredResult>;
}
