import { regionOfQueue } from '../aws/sqs-client.ts';

/** What any client of the SDK is made with. */
export interface AwsConfig {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * Where the AWS is that has a queue. On AWS the URL names the region. One without TLS is a local one, which needs no
 * settings; where the settings name an emulator, they count.
 */
export async function awsOfQueue(queueUrl: string, variables = process.env): Promise<AwsConfig> {
  const { protocol, origin } = new URL(queueUrl);
  if (protocol === 'http:' && !variables.AWS_ENDPOINT_URL) {
    const { localConfig } = await import('../local/clients.ts');
    return localConfig(origin);
  }
  return { region: regionOfQueue(queueUrl) };
}
