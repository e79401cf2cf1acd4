import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { isEmulated } from './emulated-aws.ts';
import { sqsClient } from './sqs-client.ts';

/**
 * A call that takes longer is tried again by the SDK; calls to queues and tables are small and answered in
 * milliseconds.
 */
const SMALL_CALL_TIMEOUT_MILLISECONDS = 5_000;
const CONNECTION_TIMEOUT_MILLISECONDS = 2_000;

/** How small calls are made. */
export const SMALL_CALLS = {
  requestTimeout: SMALL_CALL_TIMEOUT_MILLISECONDS,
  connectionTimeout: CONNECTION_TIMEOUT_MILLISECONDS,
  throwOnRequestTimeout: true,
} as const;

/** A batch waits for what is told besides at its end: three calls that aren't answered hold it up for so long thrice. */
const SIDE_CALL_TIMEOUT_MILLISECONDS = 2_000;

/** Sockets S3 keeps besides one an open payload: parts of results being stored, retries. */
const SPARE_SOCKETS = 50;

/**
 * Claims and completions of a large batch made at a time: each holds a socket for some milliseconds, and sockets are
 * few.
 */
const RECORD_SOCKETS = 100;

/** A client for request records. */
export function recordClient(): DynamoDBClient {
  return new DynamoDBClient({
    requestHandler: {
      ...SMALL_CALLS,
      httpsAgent: { maxSockets: RECORD_SOCKETS },
      httpAgent: { maxSockets: RECORD_SOCKETS },
    },
  });
}

/** A client for the queues. */
export function queueClient(): SQSClient {
  return sqsClient({ requestHandler: SMALL_CALLS });
}

/** A client for what is told besides. */
export function eventClient(): EventBridgeClient {
  return new EventBridgeClient({
    requestHandler: { ...SMALL_CALLS, requestTimeout: SIDE_CALL_TIMEOUT_MILLISECONDS },
  });
}

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
