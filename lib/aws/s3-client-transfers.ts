import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { StoredResult } from '../core/model/stored-result.ts';
import type {
  ClientTransfers,
  ExpectedPart,
  ExpectedUpload,
  UploadedPart,
  UploadForm,
  UploadTerms,
} from '../core/ports/client-transfers.ts';
import { UploadIncomplete, UploadUnknown } from '../core/ports/client-transfers.ts';
import { isS3Error } from './s3-error.ts';

/**
 * Forms and URLs signed by whoever runs this: they work no longer than its own credentials do.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
 */
export class S3ClientTransfers implements ClientTransfers {
  readonly #client: S3Client;
  readonly #bucket: string;

  /** @param client one made with `PLAIN_URLS` */
  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** What a form may hold besides the file is in its policy, value for value: S3 refuses one that was changed. */
  async form(
    { key, metadata, ...representation }: ExpectedUpload,
    { size, sha256, expiresInSeconds }: UploadTerms,
  ): Promise<UploadForm> {
    return createPresignedPost(this.#client, {
      Bucket: this.#bucket,
      Key: key,
      Conditions: [['content-length-range', size, size]],
      Fields: {
        ...representationFields(representation),
        ...metadataFields(metadata),
        ...checksumFields(sha256),
      },
      Expires: expiresInSeconds,
    });
  }

  async beginParts(upload: ExpectedUpload): Promise<string> {
    const { key, contentType, contentEncoding, contentLanguage, metadata } = upload;
    const { UploadId } = await this.#client.send(
      new CreateMultipartUploadCommand({
        Bucket: this.#bucket,
        Key: key,
        ContentType: contentType,
        ContentEncoding: contentEncoding,
        ContentLanguage: contentLanguage,
        Metadata: { ...metadata },
      }),
    );
    if (!UploadId) throw new TypeError(`S3 began an upload of ${key} without an id`);
    return UploadId;
  }

  /** The size is signed: S3 refuses a part of another. */
  async partUrls(
    key: string,
    uploadName: string,
    parts: readonly ExpectedPart[],
    expiresInSeconds: number,
  ): Promise<readonly string[]> {
    const upload = { Bucket: this.#bucket, Key: key, UploadId: uploadName };
    return Promise.all(
      parts.map(({ number, size }) =>
        getSignedUrl(
          this.#client,
          new UploadPartCommand({ ...upload, PartNumber: number, ContentLength: size }),
          { expiresIn: expiresInSeconds },
        ),
      ),
    );
  }

  /** S3 adds up the sizes of the parts and compares them before it makes the object. */
  async completeParts(
    key: string,
    uploadName: string,
    parts: readonly UploadedPart[],
    size: number,
  ): Promise<void> {
    if (parts.length === 0) throw new UploadIncomplete('it has no parts');
    const inOrder = parts.toSorted((one, other) => one.number - other.number);
    const command = new CompleteMultipartUploadCommand({
      Bucket: this.#bucket,
      Key: key,
      UploadId: uploadName,
      MpuObjectSize: size,
      MultipartUpload: { Parts: inOrder.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
    });
    await this.#client.send(command).catch((error) => {
      throw completionError(error);
    });
  }

  async abortParts(key: string, uploadName: string): Promise<void> {
    const upload = { Bucket: this.#bucket, Key: key, UploadId: uploadName };
    await this.#client.send(new AbortMultipartUploadCommand(upload)).catch((error) => {
      if (!isS3Error(error, 'NoSuchUpload')) throw error;
    });
  }

  /** A result is whatever a handler made: a file to a browser, and no page of the store's origin. */
  async downloadUrl({ check, contentType }: StoredResult, expiresInSeconds: number): Promise<string> {
    const command = new GetObjectCommand({
      Bucket: check.bucket,
      Key: check.key,
      VersionId: check.versionId,
      ResponseContentType: contentType,
      ResponseContentDisposition: 'attachment',
    });
    return getSignedUrl(this.#client, command, { expiresIn: expiresInSeconds });
  }
}

function representationFields({
  contentType,
  contentEncoding,
  contentLanguage,
}: Omit<ExpectedUpload, 'key' | 'metadata'>): Record<string, string> {
  return {
    'Content-Type': contentType,
    ...(contentEncoding !== undefined && { 'Content-Encoding': contentEncoding }),
    ...(contentLanguage !== undefined && { 'Content-Language': contentLanguage }),
  };
}

function metadataFields(metadata: ExpectedUpload['metadata']): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]));
}

/** S3 compares the checksum with the file's and keeps it with the object. */
function checksumFields(sha256: string | undefined): Record<string, string> {
  return sha256 === undefined
    ? {}
    : { 'x-amz-checksum-algorithm': 'SHA256', 'x-amz-checksum-sha256': sha256 };
}

/** S3 errors that are about what the client said, as ours; every other one as it is. */
function completionError(error: unknown): unknown {
  // A size other than that of the parts is an invalid request.
  if (isS3Error(error, 'InvalidPart', 'InvalidPartOrder', 'EntityTooSmall', 'InvalidRequest')) {
    return new UploadIncomplete(error.message, error);
  }
  return isS3Error(error, 'NoSuchUpload') ? new UploadUnknown(error) : error;
}
