import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

/** A call that takes longer is tried again by the SDK; queue calls are small and answered in milliseconds. */
const QUEUE_REQUEST_TIMEOUT_MILLISECONDS = 5_000;
const CONNECTION_TIMEOUT_MILLISECONDS = 2_000;

/** Sockets S3 keeps besides one an open payload: parts of results being stored, retries. */
const SPARE_SOCKETS = 50;

/** A client for the queues. */
export function queueClient(): SQSClient {
  return new SQSClient({
    requestHandler: {
      requestTimeout: QUEUE_REQUEST_TIMEOUT_MILLISECONDS,
      connectionTimeout: CONNECTION_TIMEOUT_MILLISECONDS,
      throwOnRequestTimeout: true,
    },
  });
}

/** A client for payloads. @param openPayloads how many payloads may be open at a time, each holding a socket */
export function payloadClient(openPayloads: number): S3Client {
  return new S3Client({
    // An emulator has no DNS name for each bucket.
    forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL),
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MILLISECONDS,
      httpsAgent: { maxSockets: openPayloads + SPARE_SOCKETS },
      httpAgent: { maxSockets: openPayloads + SPARE_SOCKETS },
    },
  });
}
