import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { DEFAULT_UPLOAD_PREFIX } from '../../core/config/settings.ts';
import { requestIdOfUpload } from '../../core/model/request-id.ts';
import type { DemoPayload } from './payloads.ts';

/** Larger payloads are sent in parts of this size, so that a broken connection loses one part only. */
const PART_BYTES = 8_388_608;

/** A request that was submitted by an upload. */
export interface UploadedRequest {
  readonly payload: DemoPayload;
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly uploadedAt: number;
}

/** Where and how to upload. */
export interface UploadOptions {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly signal: AbortSignal;
  /** Called with the bytes sent so far. */
  readonly onProgress: (bytes: number) => void;
}

/** Submits a request by an upload. The request id derives from the version that the upload returns. */
export async function uploadPayload(payload: DemoPayload, options: UploadOptions): Promise<UploadedRequest> {
  const { s3, bucket, signal, onProgress } = options;
  const key = `${DEFAULT_UPLOAD_PREFIX}${payload.name}`;
  const upload = new Upload({
    client: s3,
    params: { Bucket: bucket, Key: key, Body: payload.body(), ContentType: payload.contentType },
    partSize: PART_BYTES,
  });
  upload.on('httpUploadProgress', ({ loaded }) => onProgress(loaded ?? 0));
  const abort = () => void upload.abort();
  signal.addEventListener('abort', abort);
  try {
    const { VersionId } = await upload.done();
    if (VersionId === undefined) throw new Error(`The bucket ${bucket} must be versioned`);
    const requestId = requestIdOfUpload({ bucket, key, version: VersionId });
    return { payload, requestId, uploadedAt: Date.now() };
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
