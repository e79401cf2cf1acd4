import { CoatcheckError } from '../base/errors.ts';
import type { ClaimCheck } from '../model/claim-check.ts';

/** A payload that a client will upload directly to the store. */
export interface ExpectedUpload {
  readonly key: string;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  /**
   * Metadata of the object. Stores keep it as headers: names must be lower-case tokens, and values printable ASCII
   * without a space at either end.
   */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The conditions that an upload by a form must meet. */
export interface UploadTerms {
  /** The exact size in bytes. */
  readonly size: number;
  /** Base64 of the 32 bytes; absent if the client gave none. */
  readonly sha256?: string;
  readonly expiresInSeconds: number;
}

/** A form that lets anyone who has it upload one payload, until it expires. */
export interface UploadForm {
  readonly url: string;
  /** The client sends them unchanged, before the field `file`. */
  readonly fields: Readonly<Record<string, string>>;
}

/** A part of a multipart upload that the client will upload. */
export interface ExpectedPart {
  /** From 1. */
  readonly number: number;
  /** The exact size in bytes. */
  readonly size: number;
}

/** A part of a multipart upload that the client has uploaded. */
export interface UploadedPart {
  /** From 1. */
  readonly number: number;
  readonly etag: string;
}

/** A result or a payload in the store. */
export interface DownloadableObject {
  readonly check: ClaimCheck;
  readonly contentType: string;
  /** @default - S3 says the object's own, a directory none */
  readonly contentEncoding?: string;
}

/** Lets clients transfer data directly to and from the store, with links that expire. */
export interface ClientTransfers {
  /** Signs a form that is valid for this upload only. */
  form(upload: ExpectedUpload, terms: UploadTerms): Promise<UploadForm>;
  /** Begins an upload in parts. @returns the store's name for it */
  beginParts(upload: ExpectedUpload): Promise<string>;
  /** Signs URLs to PUT these parts to, in the same order. */
  partUrls(
    key: string,
    uploadName: string,
    parts: readonly ExpectedPart[],
    expiresInSeconds: number,
  ): Promise<readonly string[]>;
  /**
   * Creates the object from these parts, in the order of their numbers. Uploaded parts that aren't listed are dropped.
   * Repeated after a success, it succeeds or rejects with UploadUnknown.
   * @param size the object's required size in bytes
   * @throws UploadIncomplete if a part wasn't uploaded, or the total size differs; UploadUnknown if the upload was
   *   completed or aborted before
   */
  completeParts(key: string, uploadName: string, parts: readonly UploadedPart[], size: number): Promise<void>;
  /** Drops an upload and its parts. Does nothing if the upload doesn't exist. */
  abortParts(key: string, uploadName: string): Promise<void>;
  /** Signs a URL to GET an object from. */
  downloadUrl(object: DownloadableObject, expiresInSeconds: number): Promise<string>;
}

/** The parts that the client listed aren't the parts of its upload. */
export class UploadIncomplete extends CoatcheckError {
  override readonly name = 'UploadIncomplete';
  readonly code = 'upload_incomplete';

  constructor(problem: string, cause?: unknown) {
    super(`The upload can't be completed: ${problem}`, { cause });
  }
}

/** There is no upload of that name, or it was completed or aborted before. */
export class UploadUnknown extends CoatcheckError {
  override readonly name = 'UploadUnknown';
  readonly code = 'upload_unknown';

  constructor(cause?: unknown) {
    super('There is no such upload: it was completed, aborted or never started', { cause });
  }
}
