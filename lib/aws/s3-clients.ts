import { S3Client } from '@aws-sdk/client-s3';
import { CONNECTION_TIMEOUT_MILLISECONDS } from './clients.ts';
import { needsPathStyle } from './s3-path-style.ts';

/** Sockets S3 keeps beyond one for each open payload: parts of results being stored, retries. */
const SPARE_SOCKETS = 50;

/** A client for payloads. @param openPayloads most payloads open at the same time; each holds a socket */
export function payloadClient(openPayloads: number): S3Client {
  return new S3Client({
    forcePathStyle: needsPathStyle(),
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MILLISECONDS,
      httpsAgent: { maxSockets: openPayloads + SPARE_SOCKETS },
      httpAgent: { maxSockets: openPayloads + SPARE_SOCKETS },
    },
  });
}

/** A client that signs URLs and completes multipart uploads, which takes S3 longer than other small calls. */
export function transferClient(): S3Client {
  return new S3Client({
    ...PLAIN_URLS,
    forcePathStyle: needsPathStyle(),
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MILLISECONDS },
  });
}

/**
 * Keeps checksums out of signed URLs: by default the SDK signs the checksum of an empty body into the URL of an upload,
 * whose body has another one.
 */
export const PLAIN_URLS = {
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
} as const;
