import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { sqsClient } from './sqs-client.ts';

/**
 * The SDK retries a call that takes longer. Calls to queues and tables are small and normally take milliseconds.
 */
const SMALL_CALL_TIMEOUT_MILLISECONDS = 5_000;
export const CONNECTION_TIMEOUT_MILLISECONDS = 2_000;

/** Client options for small calls. */
export const SMALL_CALLS = {
  requestTimeout: SMALL_CALL_TIMEOUT_MILLISECONDS,
  connectionTimeout: CONNECTION_TIMEOUT_MILLISECONDS,
  throwOnRequestTimeout: true,
} as const;

/**
 * Most concurrent calls for the claims and completions of a large batch. Each holds a socket for some milliseconds, and
 * sockets are scarce.
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
