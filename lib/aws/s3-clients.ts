import { S3Client } from '@aws-sdk/client-s3';
import { CONNECTION_TIMEOUT_MILLISECONDS } from './clients.ts';
import { isEmulated } from './emulated-aws.ts';

/** Sockets S3 keeps beyond one for each open payload: parts of results being stored, retries. */
const SPARE_SOCKETS = 50;

/** A client for payloads. @param openPayloads how many payloads may be open at a time, each holding a socket */
export function payloadClient(openPayloads: number): S3Client {
  return new S3Client({
    forcePathStyle: isEmulated(),
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MILLISECONDS,
      httpsAgent: { maxSockets: openPayloads + SPARE_SOCKETS },
      httpAgent: { maxSockets: openPayloads + SPARE_SOCKETS },
    },
  });
}

/** A client that signs URLs for others and ends uploads in parts, which takes S3 longer than other small calls. */
export function transferClient(): S3Client {
  return new S3Client({
    ...PLAIN_URLS,
    forcePathStyle: isEmulated(),
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MILLISECONDS },
  });
}

/**
 * Signs nothing that a plain HTTP client doesn't send: by default the SDK puts the checksum of an empty body into the
 * URL of an upload.
 */
export const PLAIN_URLS = {
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
} as const;
