import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { NDJSON_TYPE } from '../core/model/batch-lines.ts';
import type { StoredResult } from '../core/model/stored-result.ts';
import type { UploadedPart } from '../core/ports/client-transfers.ts';
import type { ManifestFiles } from '../core/ports/manifest-files.ts';
import { isAbsent, isS3Error } from './s3-error.ts';
import { uploadErrorOf } from './s3-upload-error.ts';

/** S3 creates no object where one is. */
const UNLESS_THERE = { IfNoneMatch: '*' } as const;

/** Manifests of batches in S3. */
export class S3ManifestFiles implements ManifestFiles {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async put(key: string, bytes: Uint8Array): Promise<StoredResult> {
    const command = new PutObjectCommand({
      ...this.#at(key),
      ...UNLESS_THERE,
      Body: bytes,
      ContentType: NDJSON_TYPE,
    });
    return this.#create(key, bytes.byteLength, () => this.#client.send(command));
  }

  async begin(key: string): Promise<string> {
    const command = new CreateMultipartUploadCommand({ ...this.#at(key), ContentType: NDJSON_TYPE });
    const { UploadId } = await this.#client.send(command);
    if (!UploadId) throw new TypeError(`S3 began an upload of ${key} without an id`);
    return UploadId;
  }

  async writePart(key: string, uploadName: string, number: number, bytes: Uint8Array): Promise<string> {
    const command = new UploadPartCommand({
      ...this.#at(key),
      UploadId: uploadName,
      PartNumber: number,
      Body: bytes,
    });
    const { ETag } = await this.#client.send(command).catch((error) => {
      throw uploadErrorOf(error);
    });
    if (!ETag) throw new TypeError(`S3 stored a part of ${key} without an ETag`);
    return ETag;
  }

  async complete(
    key: string,
    uploadName: string,
    parts: readonly UploadedPart[],
    size: number,
  ): Promise<StoredResult> {
    const command = new CompleteMultipartUploadCommand({
      ...this.#at(key),
      ...UNLESS_THERE,
      UploadId: uploadName,
      MpuObjectSize: size,
      MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
    });
    return this.#create(key, size, () => this.#client.send(command));
  }

  async find(key: string): Promise<StoredResult | undefined> {
    try {
      const { VersionId, ContentLength = 0 } = await this.#client.send(new HeadObjectCommand(this.#at(key)));
      return this.#fileAt(key, VersionId, ContentLength);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async #create(
    key: string,
    size: number,
    send: () => Promise<{ readonly VersionId?: string | undefined }>,
  ): Promise<StoredResult> {
    try {
      return this.#fileAt(key, (await send()).VersionId, size);
    } catch (error) {
      const existing = isS3Error(error, 'PreconditionFailed') ? await this.find(key) : undefined;
      if (existing) return existing;
      throw uploadErrorOf(error);
    }
  }

  #at(key: string) {
    return { Bucket: this.#bucket, Key: key };
  }

  #fileAt(key: string, versionId: string | undefined, size: number): StoredResult {
    return { check: { bucket: this.#bucket, key, versionId }, size, contentType: NDJSON_TYPE };
  }
}
