import { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { sqsClient } from '../aws/sqs-client.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from './environment.ts';

/** SDK clients of a local AWS. */
export interface LocalClients {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
}

/** Creates clients for this endpoint that ignore the user's AWS settings. */
export function localClients(endpoint: string): LocalClients {
  const config = localConfig(endpoint);
  return { s3: new S3Client({ ...config, forcePathStyle: true }), sqs: sqsClient(config) };
}

/** Configuration of any client for a local AWS. */
export function localConfig(endpoint: string) {
  return {
    endpoint,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
    // A user may enable these for real accounts, but the SDK rejects them with a custom endpoint.
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  };
}
