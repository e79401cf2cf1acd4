import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { EventBus, Match, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { ApiAuth, AsyncService, Tracing } from '../../lib/constructs/index.ts';
import type { QueueWithDeadLetters } from '../../lib/constructs/storage/queue-with-dead-letters.ts';

/** An issuer whose tokens don't exist. */
const jwt = ApiAuth.jwt({ issuer: 'http://127.0.0.1:9', audience: 'e2e', tenantClaim: 'tenant' });
/** The services under test, with short retries; they differ in the props here. */
const services = {
  cloudevents: { outputFormat: 'cloudevents', auth: ApiAuth.none(), timeoutSeconds: 5 },
  raw: { outputFormat: 'raw', auth: jwt, timeoutSeconds: 5 },
  // Only consumers receive its outcomes. Its timeout leaves time to report progress.
  client: { outputFormat: 'cloudevents', auth: ApiAuth.iam(), timeoutSeconds: 15 },
  // Its pauses don't affect other tests.
  pausing: { outputFormat: 'cloudevents', auth: undefined, timeoutSeconds: 5 },
} as const;

/** Receives the spans of the traced service. */
const [, , endpoint] = process.argv;

const app = new App();
addCommonJsService();
for (const [name, { outputFormat, auth, timeoutSeconds }] of Object.entries(services)) {
  const stack = new Stack(app, `E2e-${name}`);
  const bus = new EventBus(stack, 'Bus');
  const failureQueue = new Queue(stack, 'Told');
  new Rule(stack, 'Failures', {
    eventBus: bus,
    eventPattern: { source: ['coatcheck'], detailType: Match.prefix('coatcheck.request.') },
    targets: [new SqsQueue(failureQueue)],
  });
  const service = new AsyncService(stack, 'Service', {
    entry: 'test/e2e/processors/behaviour.ts',
    output: {
      format: outputFormat,
      inlineLimitBytes: 100_000,
      // Smaller than SQS's limit, and than the largest inline result.
      queue: name === 'pausing' ? new Queue(stack, 'Small', { maxMessageSizeBytes: 65_536 }) : undefined,
    },
    serviceName: `e2e-${name}`,
    function: { timeout: Duration.seconds(timeoutSeconds) },
    queue: { visibilityTimeout: Duration.seconds(timeoutSeconds + 2) },
    retry: { maxAttempts: 4, baseDelay: Duration.seconds(1), maxDelay: Duration.seconds(1) },
    api: auth && { auth },
    circuitBreaker: { pause: Duration.seconds(2) },
    webhooks: name === 'cloudevents' ? { allowLocal: true } : undefined,
    observability: {
      failureEvents: { bus },
      tracing: name === 'cloudevents' && endpoint ? Tracing.otlp({ endpoint }) : undefined,
    },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  if (name === 'pausing') addSecondService(stack);
  const topic = new Topic(stack, 'Topic');
  topic.addSubscription(new SqsSubscription(service.inputQueue));
  const outputs = {
    TopicArn: topic.topicArn,
    PayloadBucketName: service.payloadBucket.bucketName,
    RequestTableName: service.requestTable.tableName,
    InputQueueUrl: service.inputQueue.queueUrl,
    OutputQueueUrl: service.outputQueue.queueUrl,
    ApiUrl: service.api?.url ?? '',
    DeadLetterQueueUrl: service.deadLetterQueue.queueUrl,
    WebhookSecret: service.webhooks?.secret.secretArn ?? '',
    WebhookScheduleGroup: service.webhooks?.scheduleGroup.scheduleGroupName ?? '',
    WebhookDeadLetterQueueUrl: service.webhooks?.deadLetterQueue.queueUrl ?? '',
    FailureQueueUrl: failureQueue.queueUrl,
    EventSource: service.eventSource.eventSourceMappingId,
    PauseQueueUrl: (service.node.findChild('Pauses') as QueueWithDeadLetters).queue.queueUrl,
  };
  for (const [name, value] of Object.entries(outputs))
    if (value !== '') new CfnOutput(stack, name, { value });
}

/** A second service in a stack, with defaults and without outputs of its own. */
function addSecondService(stack: Stack): void {
  new AsyncService(stack, 'Second', {
    entry: 'test/e2e/processors/behaviour.ts',
    function: { timeout: Duration.seconds(5) },
    api: { corsOrigins: ['https://app.example.com'] },
    circuitBreaker: { pauseEventSource: false },
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

/** A service whose processor is a CommonJS file. */
function addCommonJsService(): void {
  const stack = new Stack(app, 'E2e-commonjs');
  const service = new AsyncService(stack, 'Service', {
    entry: 'test/e2e/processors/commonjs.cjs',
    circuitBreaker: { pauseEventSource: false },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  new CfnOutput(stack, 'PayloadBucketName', { value: service.payloadBucket.bucketName });
  new CfnOutput(stack, 'InputQueueUrl', { value: service.inputQueue.queueUrl });
  new CfnOutput(stack, 'OutputQueueUrl', { value: service.outputQueue.queueUrl });
}
