import {
  type ServiceInputTypes,
  type ServiceOutputTypes,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import type { SerializeMiddleware } from '@smithy/types';

/**
 * Makes a client for queues that calls the endpoint that is configured, in code, by variables or in a profile, and the
 * host of the QueueUrl where none is. The SDK's own client calls the QueueUrl's host even when `AWS_ENDPOINT_URL` or a
 * profile's `endpoint_url` names another, perhaps real AWS instead of an emulator.
 * @see https://github.com/aws/aws-sdk-js-v3/blob/main/packages/middleware-sdk-sqs/src/queue-url.ts
 */
export function sqsClient(config: SQSClientConfig): SQSClient {
  const client = new SQSClient({ ...config, useQueueUrlAsEndpoint: false });
  client.middlewareStack.addRelativeTo(callQueueHost, {
    name: 'callQueueHost',
    relation: 'after',
    toMiddleware: 'endpointV2Middleware',
  });
  return client;
}

/** The host that the SDK uses if no endpoint is configured, neither FIPS nor dual-stack. */
const USUAL_HOST = /^sqs\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/;

const callQueueHost: SerializeMiddleware<ServiceInputTypes, ServiceOutputTypes> =
  (next, context) => (args) => {
    const { endpointV2 } = context;
    const queue = URL.parse('QueueUrl' in args.input ? (args.input.QueueUrl ?? '') : '');
    if (queue && endpointV2 && USUAL_HOST.test(endpointV2.url.hostname)) {
      context.endpointV2 = { ...endpointV2, url: new URL(queue.origin) };
    }
    return next(args);
  };

/** The region in the URL of a queue on AWS; undefined for any other. */
export function regionOfQueue(queueUrl: string): string | undefined {
  const host = URL.parse(queueUrl)?.hostname ?? '';
  return /(?:^|\.)sqs(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?amazonaws\.com(?:\.cn)?$/.exec(host)?.[1];
}
