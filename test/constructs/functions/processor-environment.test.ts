import { CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { expect, it } from 'vitest';
import { type AsyncServiceProps, Tracing } from '../../../lib/constructs/index.ts';
import { readEnvironment } from '../../../lib/core/config/processor-environment.ts';
import { emptyApp, readable, resource, resources, serviceIn } from '../service-in-app.ts';

/** The environment variables of the processor of a service in `stack`, and the resources they refer to. */
function variablesOf(stack: Stack, props: Partial<AsyncServiceProps>) {
  const template = serviceIn(stack, props).template();
  const { Variables } = resource(template, 'AWS::Lambda::Function', 'ServiceProcessor').properties
    .Environment;
  return {
    variables: readable(Variables) as Record<string, string>,
    bucket: `<${resource(template, 'AWS::S3::Bucket').id}>`,
    table: `<${resource(template, 'AWS::DynamoDB::GlobalTable').id}>`,
    input: `<${resource(template, 'AWS::SQS::Queue', 'ServiceInputQueue').id}>`,
    output: `<${resource(template, 'AWS::SQS::Queue', 'ServiceOutputQueue').id}>`,
    dead: `<${resource(template, 'AWS::SQS::Queue', 'ServiceInputDeadLetters').id}>`,
    pauses: resources(template).find(({ id }) => id.startsWith('ServicePausesQueue'))?.id,
  };
}

it('has the defaults, in the form that the processor reads', () => {
  const { variables, bucket, table, input, output, dead, pauses } = variablesOf(
    new Stack(emptyApp(), 'Stack'),
    {},
  );
  expect(readEnvironment(variables)).toEqual({
    serviceName: 'Stack/Service',
    inputQueueUrl: input,
    highInputQueueUrl: '',
    lowInputQueueUrl: '',
    maxReceives: 137,
    outputQueueUrl: output,
    outputMaxMessageBytes: 1_048_576,
    outputTopicArn: '',
    deadLetterQueueUrl: dead,
    payloadBucket: bucket,
    requestTable: table,
    resultPrefix: 'results/',
    consumerCopyPrefix: 'consumer-copies/',
    claimCheckSources: [`${bucket}/requests/`, `${bucket}/payloads/`],
    outputFormat: 'cloudevents',
    concurrency: 10,
    visibilityTimeoutSeconds: 360,
    inputRetentionSeconds: 345_600,
    maxAttempts: 5,
    retryBaseSeconds: 10,
    retryCapSeconds: 900,
    onExhausted: 'skip',
    topics: ['*'],
    limits: [],
    inlineLimitBytes: 262_144,
    maxPayloadBytes: 5_368_709_120,
    maxBufferedBytes: 16_777_216,
    maxJsonDepth: 128,
    recordAgeDays: 30,
    recordMetadata: [],
    pauseQueueUrl: `<${pauses}>`,
    pauseSeconds: 30,
    failureRatePercent: undefined,
    measureLoad: false,
    frontServiceName: '',
    secretIds: {},
    webhookQueueUrl: '',
    webhookEndpoints: false,
    webhookDefaultUrl: '',
    webhookEvents: ['succeeded', 'failed', 'cancelled', 'expired'],
    callbacks: 'off',
    callbackPorts: [443, 8443],
    metrics: true,
    eventBusArn: '',
    tracing: 'off',
  });
});

it('has the values of the props', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { variables, bucket, table, input, output, dead, pauses } = variablesOf(stack, {
    circuitBreaker: { pause: Duration.minutes(1), failureRate: 80 },
    serviceName: 'urn:reports',
    observability: { metrics: false, tracing: Tracing.otlp() },
    queue: {
      batchSize: 20,
      batchWindow: Duration.seconds(5),
      visibilityTimeout: Duration.minutes(3),
      retention: Duration.hours(2),
    },
    function: { requestConcurrency: 4, timeout: Duration.minutes(2) },
    retry: { baseDelay: Duration.seconds(3), maxDelay: Duration.minutes(1) },
    output: { inlineLimitBytes: 1_000, format: 'raw' },
    payloads: {
      maxBytes: 2_000,
      maxBufferedBytes: 3_000,
      maxJsonDepth: 4,
      prefixes: { uploads: 'in/', payloads: 'by-reference/', results: 'out/', consumerCopies: 'out-copies/' },
      sources: [
        { bucket: Bucket.fromBucketName(stack, 'One', 'one-bucket') },
        { bucket: Bucket.fromBucketName(stack, 'Two', 'two-bucket'), prefix: 'some/' },
      ],
    },
    records: { retention: Duration.days(40), metadata: ['customer'] },
  });
  expect(readEnvironment(variables)).toEqual({
    serviceName: 'urn:reports',
    inputQueueUrl: input,
    highInputQueueUrl: '',
    lowInputQueueUrl: '',
    maxReceives: 137,
    outputQueueUrl: output,
    outputMaxMessageBytes: 1_048_576,
    outputTopicArn: '',
    deadLetterQueueUrl: dead,
    payloadBucket: bucket,
    requestTable: table,
    resultPrefix: 'out/',
    consumerCopyPrefix: 'out-copies/',
    claimCheckSources: [`${bucket}/in/`, `${bucket}/by-reference/`, 'one-bucket', 'two-bucket/some/'],
    outputFormat: 'raw',
    concurrency: 4,
    visibilityTimeoutSeconds: 180,
    inputRetentionSeconds: 7_200,
    maxAttempts: 5,
    retryBaseSeconds: 3,
    retryCapSeconds: 60,
    onExhausted: 'skip',
    topics: ['*'],
    limits: [],
    inlineLimitBytes: 1_000,
    maxPayloadBytes: 2_000,
    maxBufferedBytes: 3_000,
    maxJsonDepth: 4,
    recordAgeDays: 40,
    recordMetadata: ['customer'],
    pauseQueueUrl: `<${pauses}>`,
    pauseSeconds: 60,
    failureRatePercent: 80,
    measureLoad: false,
    frontServiceName: '',
    webhookQueueUrl: '',
    webhookEndpoints: false,
    webhookDefaultUrl: '',
    webhookEvents: ['succeeded', 'failed', 'cancelled', 'expired'],
    callbacks: 'off',
    callbackPorts: [443, 8443],
    metrics: false,
    secretIds: {},
    eventBusArn: '',
    tracing: 'otlp',
  });
});

it('handles a whole batch concurrently, up to the limit of open sockets', () => {
  const { variables } = variablesOf(new Stack(emptyApp(), 'Stack'), {
    queue: { batchSize: 1_000, batchWindow: Duration.seconds(1) },
  });
  expect(variables.COATCHECK_CONCURRENCY).toBe('400');
});

it('has the variables of the user and a service name for logs, and no NODE_OPTIONS', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { variables } = variablesOf(stack, { function: { environment: { TABLE: 'reports' } } });
  expect(variables).toMatchObject({
    TABLE: 'reports',
    POWERTOOLS_SERVICE_NAME: 'Stack/Service',
  });
  expect(variables).not.toHaveProperty('NODE_OPTIONS');
});

it('keeps NODE_OPTIONS of the user', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { variables } = variablesOf(stack, {
    function: { environment: { NODE_OPTIONS: '--max-http-header-size=32768' } },
  });
  expect(variables.NODE_OPTIONS).toBe('--max-http-header-size=32768');
});

it('refers to numbers that are only known at deployment', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const depth = new CfnParameter(stack, 'Depth', { type: 'Number' });
  const { variables } = variablesOf(stack, { payloads: { maxJsonDepth: depth.valueAsNumber } });
  expect(variables.COATCHECK_MAX_JSON_DEPTH).toBe('<Depth>');
});

it('names secrets without their values', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const secrets = {
    MODEL_KEY: new Secret(stack, 'ModelKey'),
    DB: Secret.fromSecretNameV2(stack, 'Db', 'prod/db'),
  };
  const { variables } = variablesOf(stack, { secrets });
  expect(readEnvironment(variables).secretIds).toEqual({
    MODEL_KEY: expect.stringMatching(/^<ModelKey\w+>$/),
    DB: 'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:prod/db',
  });
  expect(JSON.stringify(variables)).not.toContain('resolve:');
});
