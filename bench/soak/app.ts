/** The service in the soak, whose functions call AWS through a proxy. */
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { ApplicationLogLevel, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { ApiAuth, AsyncService } from '../../lib/constructs/index.ts';
import { TEXT_VARIABLES } from '../../lib/core/config/variable-names.ts';
import { SERVICE, STACK, VARIABLES } from './service.ts';

const [endpoint, trace, seed] = [VARIABLES.endpoint, VARIABLES.trace, VARIABLES.seed].map(
  (name) => process.env[name] ?? '',
);

const stack = new Stack(new App(), STACK);
const service = new AsyncService(stack, 'Service', {
  entry: 'bench/soak/processor.ts',
  queue: {
    batchSize: SERVICE.batchSize,
    maxConcurrency: SERVICE.maxConcurrency,
    visibilityTimeout: Duration.seconds(SERVICE.visibilityTimeoutSeconds),
  },
  function: {
    timeout: Duration.seconds(SERVICE.timeoutSeconds),
    environment: { [VARIABLES.trace]: trace ?? '', [VARIABLES.seed]: seed ?? '' },
  },
  retry: {
    maxAttempts: SERVICE.maxAttempts,
    baseDelay: Duration.seconds(SERVICE.retryBaseSeconds),
    maxDelay: Duration.seconds(SERVICE.retryCapSeconds),
  },
  output: { inlineLimitBytes: SERVICE.inlineLimitBytes },
  api: { auth: ApiAuth.none(), maxWait: Duration.seconds(SERVICE.maxWaitSeconds) },
  observability: { logLevel: ApplicationLogLevel.ERROR, metrics: false },
  removalPolicy: RemovalPolicy.DESTROY,
});
const { processorFunction, api, inputQueue, outputQueue, deadLetterQueue, payloadBucket, requestTable } =
  service;
for (const fn of [processorFunction, api?.function]) if (fn) leadThroughProxy(fn);

const outputs = {
  ApiUrl: api?.url,
  InputQueueUrl: inputQueue.queueUrl,
  OutputQueueUrl: outputQueue.queueUrl,
  DeadLetterQueueUrl: deadLetterQueue.queueUrl,
  PayloadBucketName: payloadBucket.bucketName,
  RequestTableName: requestTable.tableName,
};
for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value: value ?? '' });

/** The SDK calls the host of a queue's URL, whatever endpoint the environment sets. */
function leadThroughProxy(fn: LambdaFunction): void {
  const urlOf = ({ queueName }: IQueue) => `${endpoint}/${stack.account}/${queueName}`;
  fn.addEnvironment('AWS_ENDPOINT_URL', endpoint ?? '');
  fn.addEnvironment(TEXT_VARIABLES.inputQueueUrl, urlOf(inputQueue));
  if (fn === processorFunction) fn.addEnvironment(TEXT_VARIABLES.outputQueueUrl, urlOf(outputQueue));
}
