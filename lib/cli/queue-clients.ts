import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';

/** What a queue is consumed with; what is absent is as the SDK finds it. */
export interface QueueClients {
  readonly region?: string;
  readonly sqs?: SQSClient;
  readonly s3?: S3Client;
}

/**
 * Of a queue on AWS its URL tells the region. One without TLS is a local one, which no settings are needed for; they
 * count when they name an emulator.
 */
export async function queueClients(queueUrl: string, variables = process.env): Promise<QueueClients> {
  const { protocol, hostname, origin } = new URL(queueUrl);
  if (protocol === 'http:' && !variables.AWS_ENDPOINT_URL) {
    const { localClients } = await import('../local/clients.ts');
    return localClients(origin);
  }
  return { region: /^sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(hostname)?.[1] };
}
