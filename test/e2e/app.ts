import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AsyncService } from '../../lib/constructs/index.ts';
import type { OutputFormat } from '../../lib/core/settings.ts';

/** The services under test: alike but for their output, and quick to try again. */
const app = new App();
for (const outputFormat of ['cloudevents', 'raw'] as const satisfies readonly OutputFormat[]) {
  const stack = new Stack(app, `E2e-${outputFormat}`);
  const service = new AsyncService(stack, 'Service', {
    entry: 'test/e2e/processors/behaviour.ts',
    outputFormat,
    serviceName: `e2e-${outputFormat}`,
    timeout: Duration.seconds(5),
    visibilityTimeout: Duration.seconds(7),
    maxReceiveCount: 4,
    retryBase: Duration.seconds(1),
    retryCap: Duration.seconds(1),
    inlineLimitBytes: 100_000,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const outputs = {
    PayloadBucketName: service.payloadBucket.bucketName,
    RequestTableName: service.requestTable.tableName,
    InputQueueUrl: service.inputQueue.queueUrl,
    OutputQueueUrl: service.outputQueue.queueUrl,
    DeadLetterQueueUrl: service.deadLetterQueue.queueUrl,
  };
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
}
