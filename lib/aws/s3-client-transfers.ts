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
import type {
  ClientTransfers,
  DownloadableObject,
  ExpectedPart,
  ExpectedUpload,
  UploadedPart,
  UploadForm,
  UploadTerms,
} from '../core/ports/client-transfers.ts';
import { UploadIncomplete } from '../core/ports/client-transfers.ts';
import { isS3Error } from './s3-error.ts';
import { uploadErrorOf } from './s3-upload-error.ts';

/**
 * Forms and URLs signed with the credentials of this process. They expire with those credentials at the latest.
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

  /** The policy fixes the value of every field but the file: S3 rejects a form that was changed. */
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

  /** The size is part of the signature: S3 rejects a part of another size. */
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

  /** S3 compares the total size of the parts before it creates the object. */
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
      throw uploadErrorOf(error);
    });
  }

  async abortParts(key: string, uploadName: string): Promise<void> {
    const upload = { Bucket: this.#bucket, Key: key, UploadId: uploadName };
    await this.#client.send(new AbortMultipartUploadCommand(upload)).catch((error) => {
      if (!isS3Error(error, 'NoSuchUpload')) throw error;
    });
  }

  /** A handler or a client chose the bytes: a browser must download them, and not show them as a page of the bucket's origin. */
  async downloadUrl(
    { check, contentType, contentEncoding }: DownloadableObject,
    expiresInSeconds: number,
  ): Promise<string> {
    const command = new GetObjectCommand({
      Bucket: check.bucket,
      Key: check.key,
      VersionId: check.versionId,
      ResponseContentType: contentType,
      ResponseContentEncoding: contentEncoding,
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
