import type { StoredResult } from '../model/stored-result.ts';
import type { UploadedPart } from './client-transfers.ts';

/** Writes the manifests of batches to a store of files. A file that is there is never replaced. */
export interface ManifestFiles {
  /** Writes a file in one go. @returns the file that is there already, if one is */
  put(key: string, bytes: Uint8Array): Promise<StoredResult>;
  /** Begins a file in parts. @returns the store's name for the upload */
  begin(key: string): Promise<string>;
  /**
   * Writes a part, which replaces an earlier one with its number.
   * @returns the tag of its content
   * @throws UploadUnknown if the upload was completed or aborted before
   */
  writePart(key: string, uploadName: string, number: number, bytes: Uint8Array): Promise<string>;
  /**
   * Creates the file from its parts.
   * @param size the file's size in bytes
   * @returns the file that is there already, if one is
   * @throws UploadIncomplete if a part has another tag; UploadUnknown if the upload was completed or aborted before
   */
  complete(
    key: string,
    uploadName: string,
    parts: readonly UploadedPart[],
    size: number,
  ): Promise<StoredResult>;
  /** Finds a file; undefined if there is none. */
  find(key: string): Promise<StoredResult | undefined>;
}
