/** The service under load, with its API open to the measurement. */
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { ApplicationLogLevel } from 'aws-cdk-lib/aws-lambda';
import { ApiAuth, AsyncService } from '../../lib/constructs/index.ts';
import { SERVICE, STACK } from './service.ts';

const stack = new Stack(new App(), STACK);
const { inputQueue, outputQueue, api } = new AsyncService(stack, 'Service', {
  entry: 'bench/support/waiting.ts',
  queue: { batchSize: SERVICE.batchSize, maxConcurrency: SERVICE.maxConcurrency },
  function: { timeout: Duration.seconds(SERVICE.timeoutSeconds) },
  api: { auth: ApiAuth.none(), maxWait: Duration.seconds(SERVICE.maxWaitSeconds) },
  observability: { logLevel: ApplicationLogLevel.WARN },
  removalPolicy: RemovalPolicy.DESTROY,
});
new CfnOutput(stack, 'InputQueueUrl', { value: inputQueue.queueUrl });
new CfnOutput(stack, 'OutputQueueUrl', { value: outputQueue.queueUrl });
new CfnOutput(stack, 'ApiUrl', { value: api?.url ?? '' });
