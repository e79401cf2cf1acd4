import { regionOfQueue } from '../aws/sqs-client.ts';

/** Configuration that any client of the SDK takes. */
export interface AwsConfig {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * The configuration of clients for the AWS that hosts a queue. On AWS, the URL names the region. A URL without TLS is a
 * local AWS, which needs no settings. `AWS_ENDPOINT_URL` overrides both.
 */
export async function awsOfQueue(queueUrl: string, variables = process.env): Promise<AwsConfig> {
  const { protocol, origin } = new URL(queueUrl);
  if (protocol === 'http:' && !variables.AWS_ENDPOINT_URL) {
    const { localConfig } = await import('../local/clients.ts');
    return localConfig(origin);
  }
  return { region: regionOfQueue(queueUrl) };
}
