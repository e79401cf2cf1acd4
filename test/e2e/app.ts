import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { ApiAuth, AsyncService } from '../../lib/constructs/index.ts';
import type { OutputFormat } from '../../lib/core/settings.ts';

/** Whoever has a token that nobody can have. */
const jwt = ApiAuth.jwt({ issuer: 'http://127.0.0.1:9', audience: 'e2e', tenantClaim: 'tenant' });
const auths = { cloudevents: ApiAuth.none(), raw: jwt } satisfies Record<OutputFormat, ApiAuth>;

/** The services under test: alike but for their output and who may call, and quick to try again. */
const app = new App();
for (const outputFormat of ['cloudevents', 'raw'] as const satisfies readonly OutputFormat[]) {
  const stack = new Stack(app, `E2e-${outputFormat}`);
  const service = new AsyncService(stack, 'Service', {
    entry: 'test/e2e/processors/behaviour.ts',
    outputFormat,
    serviceName: `e2e-${outputFormat}`,
    timeout: Duration.seconds(5),
    visibilityTimeout: Duration.seconds(7),
    maxAttempts: 4,
    retryBase: Duration.seconds(1),
    retryCap: Duration.seconds(1),
    inlineLimitBytes: 100_000,
    api: { auth: auths[outputFormat] },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const outputs = {
    PayloadBucketName: service.payloadBucket.bucketName,
    RequestTableName: service.requestTable.tableName,
    InputQueueUrl: service.inputQueue.queueUrl,
    OutputQueueUrl: service.outputQueue.queueUrl,
    ApiUrl: service.api?.url ?? '',
    DeadLetterQueueUrl: service.deadLetterQueue.queueUrl,
  };
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
}
