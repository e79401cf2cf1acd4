import { Readable } from 'node:stream';
import { CopyObjectCommand, GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { counted } from '../core/base/counted.ts';
import {
  PayloadChecksumMismatch,
  PayloadDenied,
  PayloadInOtherRegion,
  PayloadMissing,
  ResultConflict,
  StoreUnavailable,
} from '../core/base/errors.ts';
import { BINARY_TYPE } from '../core/base/media-type.ts';
import { whenAborted } from '../core/base/when-aborted.ts';
import { S3_MAX_COPY_BYTES } from '../core/config/aws-limits.ts';
import { type ClaimCheck, formatClaimCheck } from '../core/model/claim-check.ts';
import type { StoredResult } from '../core/model/stored-result.ts';
import type { OpenedPayload, PayloadStore } from '../core/ports/payload-store.ts';
import { isAbsent, isOfObject, isS3Error, regionOfBucket } from './s3-error.ts';
import { ignoringUnverifiableChecksums } from './unverifiable-checksums.ts';

/** Two parts of 8 MiB at a time: storing a result of up to 78 GiB takes about 35 MiB of memory. */
export const PART_BYTES = 8 * 1024 * 1024;
export const PARTS_AT_ONCE = 2;

/** What error messages call the result bucket. */
const RESULTS = 'The payload bucket';

/** S3's error names for missing objects. */
const MISSING = [
  'NoSuchKey',
  'NoSuchVersion',
  'NoSuchBucket',
  'NotFound',
  'MethodNotAllowed',
  'InvalidArgument',
  'InvalidURI',
] as const;

/**
 * S3's error names for buckets in other regions. The first is usual; S3 uses the others where it checks the signature
 * first.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
const OTHER_REGION = [
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
] as const;

/** Payloads and results in S3. */
export class S3PayloadStore implements PayloadStore {
  readonly maxCopyBytes = S3_MAX_COPY_BYTES;
  readonly #client: S3Client;
  readonly #resultBucket: string;

  /** @param resultBucket where {@link save} and {@link copyForConsumer} write */
  constructor(client: S3Client, resultBucket: string) {
    this.#client = client;
    this.#resultBucket = resultBucket;
  }

  async open(check: ClaimCheck, signal: AbortSignal): Promise<OpenedPayload> {
    const where = formatClaimCheck(check);
    const { bucket: Bucket, key: Key, versionId: VersionId } = check;
    const command = ignoringUnverifiableChecksums(new GetObjectCommand({ Bucket, Key, VersionId }));
    const object = await this.#client.send(command, { abortSignal: signal }).catch((error) => {
      throw signal.aborted ? error : this.#openError(error, check);
    });
    const body = object.Body;
    if (!(body instanceof Readable)) throw new TypeError(`S3 answered ${where} without a stream`);
    const discard = () => void body.destroy();
    body.once('close', whenAborted(signal, discard));
    // A connection can break between two reads. The next read throws the error; without a listener the process would
    // crash.
    body.on('error', () => {});
    return {
      size: object.ContentLength,
      contentType: object.ContentType,
      contentEncoding: object.ContentEncoding,
      contentLanguage: object.ContentLanguage,
      versionId: object.VersionId,
      metadata: object.Metadata ?? {},
      body: checksumChecked(body, where),
      discard,
    };
  }

  async versionOf({ bucket, key }: ClaimCheck, signal: AbortSignal): Promise<string | undefined> {
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
    const { VersionId } = await this.#client.send(command, { abortSignal: signal });
    return VersionId === 'null' ? undefined : VersionId;
  }

  async recall(key: string, signal: AbortSignal): Promise<OpenedPayload | undefined> {
    try {
      return await this.open({ bucket: this.#resultBucket, key }, signal);
    } catch (error) {
      // S3 denies access to a missing object if the caller may not list the bucket.
      if (error instanceof PayloadMissing || error instanceof PayloadDenied) return undefined;
      throw error;
    }
  }

  async save(
    key: string,
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    signal: AbortSignal,
  ): Promise<StoredResult> {
    signal.throwIfAborted();
    const count = { bytes: 0, failed: false };
    const source = Readable.from(counted(body, count), { objectMode: false });
    const upload = new Upload({
      client: this.#client,
      params: {
        Bucket: this.#resultBucket,
        Key: key,
        Body: source,
        ContentType: contentType,
        IfNoneMatch: '*',
      },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    });
    const stopWaiting = whenAborted(signal, () => void upload.abort());
    try {
      const { VersionId: versionId } = await upload.done();
      return { check: { bucket: this.#resultBucket, key, versionId }, size: count.bytes, contentType };
    } catch (error) {
      // After a conflict, another writer may have stored the result.
      if (isS3Error(error, 'PreconditionFailed', 'ConditionalRequestConflict')) return await this.#adopt(key);
      throw count.failed || signal.aborted ? error : new StoreUnavailable(RESULTS, error);
    } finally {
      stopWaiting();
      // An aborted upload deletes its parts only after the body has ended.
      source.destroy();
    }
  }

  async copyForConsumer({ check, size, contentType }: StoredResult, key: string): Promise<StoredResult> {
    const copy = { Bucket: this.#resultBucket, Key: key, CopySource: copySource(check) };
    const { VersionId: versionId } = await this.#client.send(new CopyObjectCommand(copy)).catch((error) => {
      if (isS3Error(error, ...MISSING)) throw new PayloadMissing(formatClaimCheck(check), error);
      throw new StoreUnavailable(RESULTS, error);
    });
    return { check: { bucket: this.#resultBucket, key, versionId }, size, contentType };
  }

  /** Translates S3 errors that are permanent, or that affect every payload. Returns any other error unchanged. */
  #openError(error: unknown, check: ClaimCheck): unknown {
    const where = formatClaimCheck(check);
    // S3 responds InvalidArgument for an unknown version id, MethodNotAllowed for a delete marker, and InvalidURI for a
    // key that leaves the bucket by ../.
    if (isS3Error(error, ...MISSING)) return new PayloadMissing(where, error);
    if (isS3Error(error, ...OTHER_REGION)) {
      return new PayloadInOtherRegion(where, regionOfBucket(error), error);
    }
    // S3 responds InvalidRequest for an object that is encrypted with the uploader's own key (SSE-C).
    if (isS3Error(error, 'AccessDenied', 'InvalidObjectState', 'InvalidRequest')) {
      return new PayloadDenied(where, error);
    }
    const isOwn = check.bucket === this.#resultBucket;
    return isOwn && !isOfObject(error) ? new StoreUnavailable(`The payload ${where}`, error) : error;
  }

  /** Returns the result that an earlier attempt stored but didn't record. */
  async #adopt(key: string): Promise<StoredResult> {
    const where = { bucket: this.#resultBucket, key };
    const { VersionId, ContentLength, ContentType } = await this.#client
      .send(new HeadObjectCommand({ Bucket: where.bucket, Key: key }))
      .catch((error) => {
        throw isAbsent(error)
          ? new ResultConflict(formatClaimCheck(where), error)
          : new StoreUnavailable(RESULTS, error);
      });
    return {
      check: { bucket: this.#resultBucket, key, versionId: VersionId },
      size: ContentLength ?? 0,
      contentType: ContentType ?? BINARY_TYPE,
    };
  }
}

/** The SDK verifies the checksum at the end of the stream. Only the message identifies its error. */
async function* checksumChecked(body: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Checksum mismatch')) {
      throw new PayloadChecksumMismatch(where, error);
    }
    throw error;
  }
}

function copySource({ bucket, key, versionId }: ClaimCheck): string {
  const path = `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`;
}
