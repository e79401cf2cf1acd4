import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ItemFile } from '../core/model/batch-import.ts';
import { type ItemFiles, ItemFileUnreadable } from '../core/ports/item-files.ts';
import { isAbsent, isOfObject, isS3Error } from './s3-error.ts';
import { ignoringUnverifiableChecksums } from './unverifiable-checksums.ts';

/** Objects in S3 whose lines are items of batches. */
export class S3ItemFiles implements ItemFiles {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async find(key: string): Promise<ItemFile> {
    try {
      const { ETag, ContentLength } = await this.#client.send(new HeadObjectCommand(this.#at(key)));
      if (ETag === undefined || ContentLength === undefined)
        throw new TypeError(`S3 described ${this.#nameOf(key)} without an ETag or a size`);
      return { key, etag: ETag, bytes: ContentLength };
    } catch (error) {
      // S3 responds 403 for a missing object, as the API may not list the bucket, and the response has no body.
      if (isAbsent(error)) throw new ItemFileUnreadable('manifest_missing', this.#nameOf(key), error);
      throw this.#errorOf(error, key);
    }
  }

  async read({ key, etag }: ItemFile, from: number, to: number): Promise<Uint8Array> {
    const range = { IfMatch: etag, Range: `bytes=${from}-${to - 1}` };
    const command = ignoringUnverifiableChecksums(new GetObjectCommand({ ...this.#at(key), ...range }));
    const { Body } = await this.#client.send(command).catch((error) => {
      throw this.#errorOf(error, key);
    });
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
    if (bytes.byteLength === to - from) return bytes;
    throw new TypeError(
      `S3 sent ${bytes.byteLength} bytes of ${this.#nameOf(key)} for the range ${range.Range}`,
    );
  }

  /** An error that concerns this object for good, or the error itself. */
  #errorOf(error: unknown, key: string): unknown {
    const name = this.#nameOf(key);
    if (isS3Error(error, 'PreconditionFailed'))
      return new ItemFileUnreadable('manifest_changed', name, error);
    if (isS3Error(error, 'NoSuchKey')) return new ItemFileUnreadable('manifest_missing', name, error);
    return isOfObject(error) ? new ItemFileUnreadable('manifest_denied', name, error) : error;
  }

  #nameOf(key: string): string {
    return `s3://${this.#bucket}/${key}`;
  }

  #at(key: string) {
    return { Bucket: this.#bucket, Key: key };
  }
}
