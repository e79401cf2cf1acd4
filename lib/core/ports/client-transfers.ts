import { CoatcheckError } from '../base/errors.ts';
import type { StoredResult } from '../model/stored-result.ts';

/** A payload a client is to upload by itself. */
export interface ExpectedUpload {
  readonly key: string;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  /**
   * Metadata of the object. Stores keep it as headers: names must be lower-case tokens, and values printable ASCII
   * without space at either end.
   */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What an upload by a form is held to. */
export interface UploadTerms {
  /** Bytes it has, no more and no less. */
  readonly size: number;
  /** Base64 of the 32 bytes; absent when the client didn't say. */
  readonly sha256?: string;
  readonly expiresInSeconds: number;
}

/** A form by which anyone who has it can upload one payload, until it expires. */
export interface UploadForm {
  readonly url: string;
  /** To be sent as they are, before the field `file`. */
  readonly fields: Readonly<Record<string, string>>;
}

/** A part of a multipart upload that is to be uploaded. */
export interface ExpectedPart {
  /** From 1. */
  readonly number: number;
  /** Bytes it has, no more and no less. */
  readonly size: number;
}

/** A part of a multipart upload that was uploaded. */
export interface UploadedPart {
  /** From 1. */
  readonly number: number;
  readonly etag: string;
}

/** Lets clients upload and download by themselves, with links that work for a while. */
export interface ClientTransfers {
  /** A form for one upload and no other. */
  form(upload: ExpectedUpload, terms: UploadTerms): Promise<UploadForm>;
  /** Begins an upload in parts. @returns the name the store gave to it */
  beginParts(upload: ExpectedUpload): Promise<string>;
  /** URLs to PUT these parts to, in their order. */
  partUrls(
    key: string,
    uploadName: string,
    parts: readonly ExpectedPart[],
    expiresInSeconds: number,
  ): Promise<readonly string[]>;
  /**
   * Makes the object of these parts, in the order of their numbers; parts that were uploaded and aren't named are
   * dropped. Said again after it succeeded, it succeeds or rejects with UploadUnknown.
   * @param size bytes the object must have
   * @throws UploadIncomplete when the parts aren't among those that were uploaded, or have another size in all;
   *   UploadUnknown when it was ended before
   */
  completeParts(key: string, uploadName: string, parts: readonly UploadedPart[], size: number): Promise<void>;
  /** Drops an upload with its parts; nothing when there is none. */
  abortParts(key: string, uploadName: string): Promise<void>;
  /** A URL to GET a result from. */
  downloadUrl(result: StoredResult, expiresInSeconds: number): Promise<string>;
}

/** The parts a client named aren't the parts of its upload. */
export class UploadIncomplete extends CoatcheckError {
  readonly code = 'upload_incomplete';

  constructor(problem: string, cause?: unknown) {
    super(`The upload can't be completed: ${problem}`, { cause });
  }
}

/** There is no upload of that name, or it was completed or aborted before. */
export class UploadUnknown extends CoatcheckError {
  readonly code = 'upload_unknown';

  constructor(cause?: unknown) {
    super('There is no such upload: it was completed, aborted or never begun', { cause });
  }
}
