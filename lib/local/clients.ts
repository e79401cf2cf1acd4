import { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { sqsClient } from '../aws/sqs-client.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from './environment.ts';

/** SDK clients of a local AWS. */
export interface LocalClients {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
}

/** Makes clients that go to this endpoint whatever the user's AWS settings are. */
export function localClients(endpoint: string): LocalClients {
  const config = localConfig(endpoint);
  return { s3: new S3Client({ ...config, forcePathStyle: true }), sqs: sqsClient(config) };
}

/** What a client of any service of a local AWS is made with. */
export function localConfig(endpoint: string) {
  return {
    endpoint,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
    // A user may have these on for real accounts; with an endpoint of one's own the SDK refuses them.
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  };
}
