import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/core/base/errors.ts';
import {
  type ApiEnvironment,
  readApiEnvironment,
  writeApiEnvironment,
} from '../../../lib/core/config/api-environment.ts';
import type { Limit, LimitKey, Rate } from '../../../lib/core/config/limits.ts';
import {
  type ProcessorEnvironment,
  readEnvironment,
  writeEnvironment,
} from '../../../lib/core/config/processor-environment.ts';
import type { ProcessorQueue } from '../../../lib/core/config/processor-queues.ts';
import { MAX_RECORD_METADATA } from '../../../lib/core/config/record-metadata.ts';
import {
  API_AUTHS,
  CALLBACKS,
  NUMBER_SETTINGS,
  type NumberSettingName,
  ON_EXHAUSTED,
  SQS_OUTPUT_FORMATS,
  TRACE_TARGETS,
  WEBHOOK_EVENTS,
} from '../../../lib/core/config/settings.ts';
import { readTaskEnvironment, writeTaskEnvironment } from '../../../lib/core/config/task-environment.ts';
import {
  readWebhookEnvironment,
  type WebhookEnvironment,
  writeWebhookEnvironment,
} from '../../../lib/core/config/webhook-environment.ts';

const ENVIRONMENT: ProcessorEnvironment = {
  serviceName: 'service',
  handlerVersion: '9f86d08',
  inputQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/input',
  highInputQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/high',
  lowInputQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/low',
  maxReceives: 133,
  outputQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/output',
  outputMaxMessageBytes: 262_144,
  outputTopicArn: '',
  deadLetterQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/dead-letters',
  payloadBucket: 'payloads',
  requestTable: 'requests',
  resultPrefix: 'results/',
  consumerCopyPrefix: 'consumer-copies/',
  claimCheckSources: ['payloads/requests/', 'partner'],
  outputFormat: 'cloudevents',
  concurrency: 10,
  visibilityTimeoutSeconds: 360,
  inputRetentionSeconds: 345_600,
  maxAttempts: 5,
  retryBaseSeconds: 2,
  retryCapSeconds: 900,
  onExhausted: 'block',
  topics: ['images.*', 'reports'],
  limits: [{ key: 'tenant', concurrency: 5, rate: '100/min', weight: 'metadata.tokens', maxWaiting: 1_000 }],
  inlineLimitBytes: 262_144,
  maxPayloadBytes: 5_368_709_120,
  maxBufferedBytes: 67_108_864,
  maxJsonDepth: 128,
  recordAgeDays: 30,
  recordMetadata: ['customer', 'Order.Id'],
  measureLoad: true,
  frontServiceName: 'images',
  pauseQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/pauses',
  pauseSeconds: 30,
  failureRatePercent: 50,
  secretIds: { MODEL_KEY: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:a=b-AbCdEf' },
  webhookQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/webhooks',
  webhookEndpoints: true,
  webhookDefaultUrl: 'https://example.com/hook',
  webhookEvents: ['succeeded', 'expired'],
  callbacks: 'public',
  callbackPorts: [443],
  metrics: true,
  eventBusArn: 'arn:aws:events:us-east-1:123456789012:event-bus/default',
  tracing: 'xray',
};

const VARIABLES = {
  COATCHECK_SERVICE_NAME: 'service',
  COATCHECK_VERSION: '9f86d08',
  COATCHECK_INPUT_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/input',
  COATCHECK_HIGH_INPUT_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/high',
  COATCHECK_LOW_INPUT_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/low',
  COATCHECK_MAX_RECEIVES: '133',
  COATCHECK_OUTPUT_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/output',
  COATCHECK_OUTPUT_MAX_MESSAGE_BYTES: '262144',
  COATCHECK_OUTPUT_TOPIC_ARN: '',
  COATCHECK_DEAD_LETTER_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/dead-letters',
  COATCHECK_PAYLOAD_BUCKET: 'payloads',
  COATCHECK_REQUEST_TABLE: 'requests',
  COATCHECK_RESULT_PREFIX: 'results/',
  COATCHECK_CONSUMER_COPY_PREFIX: 'consumer-copies/',
  COATCHECK_CLAIM_CHECK_SOURCES: 'payloads/requests/ partner',
  COATCHECK_OUTPUT_FORMAT: 'cloudevents',
  COATCHECK_CONCURRENCY: '10',
  COATCHECK_VISIBILITY_TIMEOUT_SECONDS: '360',
  COATCHECK_INPUT_RETENTION_SECONDS: '345600',
  COATCHECK_MAX_ATTEMPTS: '5',
  COATCHECK_RETRY_BASE_SECONDS: '2',
  COATCHECK_RETRY_CAP_SECONDS: '900',
  COATCHECK_ON_EXHAUSTED: 'block',
  COATCHECK_TOPICS: 'images.* reports',
  COATCHECK_LIMITS:
    '[{"key":"tenant","concurrency":5,"rate":"100/min","weight":"metadata.tokens","maxWaiting":1000}]',
  COATCHECK_INLINE_LIMIT_BYTES: '262144',
  COATCHECK_MAX_PAYLOAD_BYTES: '5368709120',
  COATCHECK_MAX_BUFFERED_BYTES: '67108864',
  COATCHECK_MAX_JSON_DEPTH: '128',
  COATCHECK_RECORD_AGE_DAYS: '30',
  COATCHECK_RECORD_METADATA: 'customer Order.Id',
  COATCHECK_MEASURE_LOAD: 'on',
  COATCHECK_FRONT_SERVICE_NAME: 'images',
  COATCHECK_PAUSE_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/pauses',
  COATCHECK_PAUSE_SECONDS: '30',
  COATCHECK_FAILURE_RATE_PERCENT: '50',
  COATCHECK_WEBHOOK_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/webhooks',
  COATCHECK_WEBHOOK_ENDPOINTS: 'on',
  COATCHECK_WEBHOOK_DEFAULT_URL: 'https://example.com/hook',
  COATCHECK_WEBHOOK_EVENTS: 'succeeded expired',
  COATCHECK_CALLBACKS: 'public',
  COATCHECK_CALLBACK_PORTS: '443',
  COATCHECK_METRICS: 'on',
  COATCHECK_SECRETS: 'MODEL_KEY=arn:aws:secretsmanager:us-east-1:123456789012:secret:a=b-AbCdEf',
  COATCHECK_EVENT_BUS_ARN: 'arn:aws:events:us-east-1:123456789012:event-bus/default',
  COATCHECK_TRACING: 'xray',
};

const REPORTS: ProcessorQueue = {
  inputQueueName: 'reports',
  topics: ['reports.*'],
  firstSlots: 5,
  reachableSlots: 10,
  timeoutSeconds: 900,
  acceptsMinVersion: false,
  loadName: 'Images/Reports',
};

const API_ENVIRONMENT: ApiEnvironment = {
  serviceName: 'service',
  inputQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/input',
  highInputQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/high',
  lowInputQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/low',
  topics: ['images.*', '*'],
  limits: [{ key: 'all', maxWaiting: 10 }],
  otherProcessors: [REPORTS],
  payloadBucket: 'payloads',
  requestTable: 'requests',
  uploadPrefix: 'in/',
  payloadPrefix: 'by-reference/',
  auth: 'jwt',
  tenantClaim: 'custom:tenant',
  operatorClaim: 'cognito:groups',
  operatorValue: 'coatcheck-operators',
  firstSlots: 50,
  reachableSlots: 3_050,
  timeoutSeconds: 90,
  inlineLimitBytes: 1_000,
  maxPayloadBytes: 2_000,
  recordAgeDays: 40,
  recordMetadata: ['customer', 'Order.Id'],
  maxJsonDepth: 64,
  resultAgeDays: 7,
  maxWaitSeconds: 180,
  tenantSharePercent: 10,
  acceptsMinVersion: true,
  tracing: 'otlp',
  webhookQueueUrl: '',
  webhookSecret: '',
  receiptSecret: '',
  scheduleGroup: '',
  scheduleRole: '',
  scheduleDeadLetterQueueArn: '',
  scheduleFunctionArn: '',
  batchGroup: '',
  batchRole: '',
  batchFunctionArn: '',
  deadLetterQueueUrl: '',
  actionGroup: '',
  actionRole: '',
  actionFunctionArn: '',
  rehearsalFunctionArn: '',
  activity: true,
  pauseQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/pauses',
  givenNumbers: { maxAttempts: 7, memoryMiB: 1_024 },
  alarmPrefix: 'Shop-Service',
  alarmHashes: ['Gyw9', 'rb7v'],
  inputRetentionSeconds: 86_400,
  uploadAgeDays: 20,
  webhookDefaultUrl: '',
  webhookEvents: ['failed'],
  callbacks: 'off',
  callbackPorts: [443],
};

const API_VARIABLES = {
  COATCHECK_SERVICE_NAME: 'service',
  COATCHECK_INPUT_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/input',
  COATCHECK_HIGH_INPUT_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/high',
  COATCHECK_LOW_INPUT_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/low',
  COATCHECK_TOPICS: 'images.* *',
  COATCHECK_LIMITS: '[{"key":"all","maxWaiting":10}]',
  COATCHECK_OTHER_PROCESSORS: JSON.stringify([['reports', 'reports.*', 5, 10, 900, 0, 'Images/Reports']]),
  COATCHECK_PAYLOAD_BUCKET: 'payloads',
  COATCHECK_REQUEST_TABLE: 'requests',
  COATCHECK_UPLOAD_PREFIX: 'in/',
  COATCHECK_PAYLOAD_PREFIX: 'by-reference/',
  COATCHECK_API_AUTH: 'jwt',
  COATCHECK_OPERATOR_CLAIM: 'cognito:groups',
  COATCHECK_OPERATOR_VALUE: 'coatcheck-operators',
  COATCHECK_TENANT_CLAIM: 'custom:tenant',
  COATCHECK_FIRST_SLOTS: '50',
  COATCHECK_REACHABLE_SLOTS: '3050',
  COATCHECK_TIMEOUT_SECONDS: '90',
  COATCHECK_INLINE_LIMIT_BYTES: '1000',
  COATCHECK_MAX_PAYLOAD_BYTES: '2000',
  COATCHECK_RECORD_AGE_DAYS: '40',
  COATCHECK_RECORD_METADATA: 'customer Order.Id',
  COATCHECK_MAX_JSON_DEPTH: '64',
  COATCHECK_RESULT_AGE_DAYS: '7',
  COATCHECK_MAX_WAIT_SECONDS: '180',
  COATCHECK_TENANT_SHARE_PERCENT: '10',
  COATCHECK_ACCEPT_MIN_VERSION: 'on',
  COATCHECK_TRACING: 'otlp',
  COATCHECK_WEBHOOK_QUEUE_URL: '',
  COATCHECK_WEBHOOK_SECRET: '',
  COATCHECK_RECEIPT_SECRET: '',
  COATCHECK_SCHEDULE_GROUP: '',
  COATCHECK_SCHEDULE_ROLE: '',
  COATCHECK_SCHEDULE_DEAD_LETTER_QUEUE_ARN: '',
  COATCHECK_SCHEDULE_FUNCTION_ARN: '',
  COATCHECK_BATCH_GROUP: '',
  COATCHECK_BATCH_ROLE: '',
  COATCHECK_BATCH_FUNCTION_ARN: '',
  COATCHECK_DEAD_LETTER_QUEUE_URL: '',
  COATCHECK_ACTION_GROUP: '',
  COATCHECK_ACTION_ROLE: '',
  COATCHECK_ACTION_FUNCTION_ARN: '',
  COATCHECK_REHEARSAL_FUNCTION_ARN: '',
  COATCHECK_ACTIVITY: 'on',
  COATCHECK_PAUSE_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/pauses',
  COATCHECK_GIVEN_NUMBERS: 'maxAttempts=7 memoryMiB=1024',
  COATCHECK_ALARM_PREFIX: 'Shop-Service',
  COATCHECK_ALARM_HASHES: 'Gyw9rb7v',
  COATCHECK_INPUT_RETENTION_SECONDS: '86400',
  COATCHECK_UPLOAD_AGE_DAYS: '20',
  COATCHECK_WEBHOOK_DEFAULT_URL: '',
  COATCHECK_WEBHOOK_EVENTS: 'failed',
  COATCHECK_CALLBACKS: 'off',
  COATCHECK_CALLBACK_PORTS: '443',
};

/** The variables of the API's settings that are missing if they have their defaults. */
const API_DEFAULTS = {
  uploadPrefix: 'requests/',
  payloadPrefix: 'payloads/',
  otherProcessors: [],
  limits: [],
  timeoutSeconds: 60,
  inlineLimitBytes: 262_144,
  maxPayloadBytes: 5_368_709_120,
  recordAgeDays: 30,
  maxJsonDepth: 128,
  resultAgeDays: 15,
  maxWaitSeconds: 900,
  tenantSharePercent: 50,
  acceptsMinVersion: false,
  tracing: 'off',
  inputRetentionSeconds: 345_600,
  uploadAgeDays: 15,
  webhookEvents: ['succeeded', 'failed', 'cancelled', 'expired'],
  callbackPorts: [443, 8443],
} as const satisfies Partial<ApiEnvironment>;

const WEBHOOK_ENVIRONMENT: WebhookEnvironment = {
  serviceName: 'service',
  webhookQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/webhooks',
  webhookQueueArn: 'arn:aws:sqs:us-east-1:123456789012:webhooks',
  webhookDeadLetterQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/webhooks-dead',
  webhookDeadLetterQueueArn: 'arn:aws:sqs:us-east-1:123456789012:webhooks-dead',
  webhookSecret: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:webhooks-AbCdEf',
  scheduleGroup: 'webhooks',
  scheduleRole: 'arn:aws:iam::123456789012:role/scheduler',
  requestTable: 'requests',
  webhookEndpoints: false,
  metrics: true,
  eventBusArn: '',
  callbacks: 'local',
  callbackPorts: [443],
  tracing: 'xray',
};

const WEBHOOK_VARIABLES = {
  COATCHECK_SERVICE_NAME: 'service',
  COATCHECK_WEBHOOK_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/webhooks',
  COATCHECK_WEBHOOK_QUEUE_ARN: 'arn:aws:sqs:us-east-1:123456789012:webhooks',
  COATCHECK_WEBHOOK_DEAD_LETTER_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/webhooks-dead',
  COATCHECK_WEBHOOK_DEAD_LETTER_QUEUE_ARN: 'arn:aws:sqs:us-east-1:123456789012:webhooks-dead',
  COATCHECK_WEBHOOK_SECRET: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:webhooks-AbCdEf',
  COATCHECK_SCHEDULE_GROUP: 'webhooks',
  COATCHECK_REQUEST_TABLE: 'requests',
  COATCHECK_WEBHOOK_ENDPOINTS: 'off',
  COATCHECK_METRICS: 'on',
  COATCHECK_EVENT_BUS_ARN: '',
  COATCHECK_SCHEDULE_ROLE: 'arn:aws:iam::123456789012:role/scheduler',
  COATCHECK_CALLBACKS: 'local',
  COATCHECK_CALLBACK_PORTS: '443',
  COATCHECK_TRACING: 'xray',
};

/** A task has one more variable than a function. */
const TASK_ENVIRONMENT = { ...ENVIRONMENT, graceSeconds: 115 };
const TASK_VARIABLES = { ...VARIABLES, COATCHECK_GRACE_SECONDS: '115' };

/** Functions of one deployment may run with the stack of another: the names are a contract. */
test('the variable names do not change', () => {
  expect(writeEnvironment(ENVIRONMENT)).toEqual(withoutEmpty(VARIABLES));
  expect(writeTaskEnvironment(TASK_ENVIRONMENT)).toEqual(withoutEmpty(TASK_VARIABLES));
  expect(readTaskEnvironment(TASK_VARIABLES)).toEqual(TASK_ENVIRONMENT);
  expect(writeApiEnvironment(API_ENVIRONMENT)).toEqual(withoutEmpty(API_VARIABLES));
  expect(writeWebhookEnvironment(WEBHOOK_ENVIRONMENT)).toEqual(withoutEmpty(WEBHOOK_VARIABLES));
  expect(readWebhookEnvironment(WEBHOOK_VARIABLES)).toEqual(WEBHOOK_ENVIRONMENT);
});

/** Earlier deployments wrote empty variables, too. */
test('a variable that is empty is as good as one that is missing', () => {
  expect(readTaskEnvironment(withoutEmpty(TASK_VARIABLES))).toEqual(TASK_ENVIRONMENT);
  for (const variables of [API_VARIABLES, withoutEmpty(API_VARIABLES)]) {
    expect(readApiEnvironment(variables)).toEqual(API_ENVIRONMENT);
  }
});

function withoutEmpty(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([, text]) => text !== ''));
}

const texts = fc.string({ minLength: 1 }).filter((text) => text.trim() !== '');

function number(name: NumberSettingName) {
  return fc.integer({ min: NUMBER_SETTINGS[name].min, max: NUMBER_SETTINGS[name].max });
}

const TELLING = {
  webhookQueueUrl: fc.string(),
  webhookDefaultUrl: fc.string(),
  webhookEvents: fc.subarray([...WEBHOOK_EVENTS], { minLength: 1 }),
  callbacks: fc.constantFrom(...CALLBACKS),
  callbackPorts: fc.array(fc.integer({ min: 1, max: 65_535 }), { minLength: 1 }),
};

const metadataNames = fc.uniqueArray(fc.stringMatching(/^[A-Z][\w.-]{0,20}$/), {
  maxLength: MAX_RECORD_METADATA,
});

const patterns = fc.array(fc.stringMatching(/^[a-z]+(?:\.[a-z]+)*(?:\.\*)?$/), { minLength: 1 });

const processorQueues: fc.Arbitrary<ProcessorQueue> = fc.record({
  inputQueueName: texts,
  topics: patterns,
  firstSlots: fc.integer({ min: 1, max: 2_000 }),
  reachableSlots: fc.integer({ min: 1, max: 122_000 }),
  timeoutSeconds: number('timeoutSeconds'),
  acceptsMinVersion: fc.boolean(),
  loadName: fc.string(),
});

const counts = fc.integer({ min: 1, max: 1_000_000_000 });
const limits: fc.Arbitrary<Limit[]> = fc.uniqueArray(
  fc.record(
    {
      key: fc.constantFrom<LimitKey[]>('tenant', 'topic', 'all', 'metadata.model', 'metadata.żółć'),
      concurrency: counts,
      rate: fc
        .tuple(counts, fc.constantFrom('s', 'min', 'h'))
        .map(([count, unit]): Rate => `${count}/${unit}`),
      maxWaiting: counts,
    },
    { requiredKeys: ['key'] },
  ),
  { selector: ({ key }) => key },
);

test('the engine reads back the settings that the stack writes', () => {
  const environments: fc.Arbitrary<ProcessorEnvironment> = fc.record({
    serviceName: texts,
    handlerVersion: fc.option(fc.stringMatching(/^[A-Za-z0-9][\w.+:-]{0,100}$/), { nil: undefined }),
    inputQueueUrl: texts,
    highInputQueueUrl: fc.oneof(fc.constant(''), texts),
    lowInputQueueUrl: fc.oneof(fc.constant(''), texts),
    maxReceives: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
    outputQueueUrl: texts,
    outputTopicArn: fc.oneof(fc.constant(''), texts),
    outputMaxMessageBytes: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
    deadLetterQueueUrl: texts,
    payloadBucket: texts,
    requestTable: texts,
    resultPrefix: texts,
    consumerCopyPrefix: texts,
    claimCheckSources: fc.array(fc.stringMatching(/^[a-z][a-z0-9./-]+$/), { minLength: 1 }),
    outputFormat: fc.constantFrom(...SQS_OUTPUT_FORMATS),
    concurrency: number('concurrency'),
    visibilityTimeoutSeconds: number('visibilityTimeoutSeconds'),
    inputRetentionSeconds: number('inputRetentionSeconds'),
    maxAttempts: number('maxAttempts'),
    retryBaseSeconds: number('retryBaseSeconds'),
    retryCapSeconds: number('retryCapSeconds'),
    onExhausted: fc.constantFrom(...ON_EXHAUSTED),
    topics: patterns,
    limits,
    inlineLimitBytes: number('inlineLimitBytes'),
    maxPayloadBytes: number('maxPayloadBytes'),
    maxBufferedBytes: number('maxBufferedBytes'),
    maxJsonDepth: number('maxJsonDepth'),
    recordAgeDays: number('recordAgeDays'),
    recordMetadata: metadataNames,
    pauseQueueUrl: fc.string(),
    pauseSeconds: number('pauseSeconds'),
    failureRatePercent: fc.option(number('failureRatePercent'), { nil: undefined }),
    measureLoad: fc.boolean(),
    frontServiceName: fc.string(),
    ...TELLING,
    webhookEndpoints: fc.boolean(),
    metrics: fc.boolean(),
    secretIds: fc.dictionary(fc.stringMatching(/^[A-Z_]+$/), fc.stringMatching(/^[\w:=+/-]+$/)),
    eventBusArn: fc.string(),
    tracing: fc.constantFrom(...TRACE_TARGETS),
  });
  fc.assert(
    fc.property(environments, (environment) => {
      expect(readEnvironment({ OTHER: 'x', ...writeEnvironment(environment) })).toEqual(environment);
    }),
  );
});

test('the API reads back the settings that the stack writes', () => {
  const environments: fc.Arbitrary<ApiEnvironment> = fc.record({
    serviceName: texts,
    inputQueueUrl: texts,
    highInputQueueUrl: fc.oneof(fc.constant(''), texts),
    lowInputQueueUrl: fc.oneof(fc.constant(''), texts),
    topics: patterns,
    limits,
    otherProcessors: fc.array(processorQueues),
    payloadBucket: texts,
    requestTable: texts,
    uploadPrefix: texts,
    payloadPrefix: texts,
    auth: fc.constantFrom(...API_AUTHS),
    tenantClaim: fc.string(),
    operatorClaim: fc.string(),
    operatorValue: fc.string(),
    firstSlots: fc.integer({ min: 1, max: 2_000 }),
    reachableSlots: fc.integer({ min: 1, max: 122_000 }),
    timeoutSeconds: number('timeoutSeconds'),
    inlineLimitBytes: number('inlineLimitBytes'),
    maxPayloadBytes: number('maxPayloadBytes'),
    recordAgeDays: number('recordAgeDays'),
    recordMetadata: metadataNames,
    maxJsonDepth: number('maxJsonDepth'),
    resultAgeDays: number('resultAgeDays'),
    maxWaitSeconds: number('maxWaitSeconds'),
    tenantSharePercent: number('tenantSharePercent'),
    acceptsMinVersion: fc.boolean(),
    tracing: fc.constantFrom(...TRACE_TARGETS),
    ...TELLING,
    webhookSecret: fc.string(),
    receiptSecret: fc.string(),
    scheduleGroup: fc.string(),
    scheduleRole: fc.string(),
    scheduleDeadLetterQueueArn: fc.string(),
    scheduleFunctionArn: fc.string(),
    batchGroup: fc.string(),
    batchRole: fc.string(),
    batchFunctionArn: fc.string(),
    deadLetterQueueUrl: fc.string(),
    actionGroup: fc.string(),
    actionRole: fc.string(),
    actionFunctionArn: fc.string(),
    rehearsalFunctionArn: fc.string(),
    activity: fc.boolean(),
    pauseQueueUrl: fc.string(),
    givenNumbers: fc.dictionary(fc.constantFrom('maxAttempts', 'memoryMiB'), fc.nat(), {
      noNullPrototype: true,
    }),
    alarmPrefix: texts,
    alarmHashes: fc.array(fc.stringMatching(/^[\w-]{4}$/), { minLength: 1 }),
    inputRetentionSeconds: number('inputRetentionSeconds'),
    uploadAgeDays: number('uploadAgeDays'),
  });
  fc.assert(
    fc.property(environments, (environment) => {
      expect(readApiEnvironment({ OTHER: 'x', ...writeApiEnvironment(environment) })).toEqual(environment);
    }),
  );
});

function problemsOf(
  variables: Readonly<Record<string, string | undefined>>,
  read: (variables: Readonly<Record<string, string | undefined>>) => unknown = readEnvironment,
): string {
  try {
    read(variables);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error('nothing was wrong');
}

/** The mandatory variables. */
const OPTIONAL = [
  'COATCHECK_RECEIPT_SECRET',
  'COATCHECK_WEBHOOK_SECRET',
  'COATCHECK_SCHEDULE_GROUP',
  'COATCHECK_SCHEDULE_ROLE',
  'COATCHECK_SCHEDULE_DEAD_LETTER_QUEUE_ARN',
  'COATCHECK_SCHEDULE_FUNCTION_ARN',
  'COATCHECK_BATCH_GROUP',
  'COATCHECK_BATCH_ROLE',
  'COATCHECK_BATCH_FUNCTION_ARN',
  'COATCHECK_ACTION_GROUP',
  'COATCHECK_ACTION_ROLE',
  'COATCHECK_ACTION_FUNCTION_ARN',
  'COATCHECK_REHEARSAL_FUNCTION_ARN',
  'COATCHECK_VERSION',
  'COATCHECK_TENANT_CLAIM',
  'COATCHECK_OPERATOR_CLAIM',
  'COATCHECK_OPERATOR_VALUE',
  'COATCHECK_EVENT_BUS_ARN',
  'COATCHECK_OUTPUT_TOPIC_ARN',
  'COATCHECK_SECRETS',
  'COATCHECK_WEBHOOK_QUEUE_URL',
  'COATCHECK_WEBHOOK_DEFAULT_URL',
  'COATCHECK_PAUSE_QUEUE_URL',
  'COATCHECK_MAX_RECEIVES',
  'COATCHECK_OUTPUT_MAX_MESSAGE_BYTES',
  'COATCHECK_FAILURE_RATE_PERCENT',
  'COATCHECK_FRONT_SERVICE_NAME',
  'COATCHECK_HIGH_INPUT_QUEUE_URL',
  'COATCHECK_LOW_INPUT_QUEUE_URL',
  'COATCHECK_OTHER_PROCESSORS',
  'COATCHECK_LIMITS',
  'COATCHECK_RECORD_METADATA',
  'COATCHECK_WEBHOOK_EVENTS',
  'COATCHECK_CALLBACK_PORTS',
];
const REQUIRED = Object.keys(VARIABLES).filter((name) => !OPTIONAL.includes(name));

test.each([undefined, ''])('an event bus of %j means none', (COATCHECK_EVENT_BUS_ARN) => {
  expect(readEnvironment({ ...VARIABLES, COATCHECK_EVENT_BUS_ARN }).eventBusArn).toBe('');
});

test.each([undefined, ''])('a version of %j means none', (COATCHECK_VERSION) => {
  expect(readEnvironment({ ...VARIABLES, COATCHECK_VERSION }).handlerVersion).toBeUndefined();
});

test.each([undefined, ''])('a failure rate of %j means none', (COATCHECK_FAILURE_RATE_PERCENT) => {
  expect(readEnvironment({ ...VARIABLES, COATCHECK_FAILURE_RATE_PERCENT }).failureRatePercent).toBe(
    undefined,
  );
});

describe('a single problem is reported alone:', () => {
  test.each(REQUIRED)('%s missing', (name) => {
    expect(problemsOf({ ...VARIABLES, [name]: undefined })).toBe(
      `The processor's environment is not usable: ${name} must be set, got nothing`,
    );
  });

  test.each([
    ['COATCHECK_SERVICE_NAME', ' ', 'COATCHECK_SERVICE_NAME must be set, got nothing'],
    [
      'COATCHECK_VERSION',
      'release 7',
      'COATCHECK_VERSION must have 1 to 128 letters, digits and . _ + : -, and start with a letter or digit, got "release 7"',
    ],
    ['COATCHECK_CLAIM_CHECK_SOURCES', ' ', 'COATCHECK_CLAIM_CHECK_SOURCES must be set, got nothing'],
    [
      'COATCHECK_OUTPUT_FORMAT',
      'xml',
      'COATCHECK_OUTPUT_FORMAT must be one of cloudevents, raw, truefoundry, cloudevents-stream, got "xml"',
    ],
    [
      'COATCHECK_WEBHOOK_EVENTS',
      'succeeded queued',
      'COATCHECK_WEBHOOK_EVENTS must be one or more of succeeded, failed, cancelled, expired, progress, separated by spaces, got "succeeded queued"',
    ],
    [
      'COATCHECK_CALLBACK_PORTS',
      '443 https',
      'COATCHECK_CALLBACK_PORTS must be ports from 1 to 65535, separated by spaces, got "443 https"',
    ],
    [
      'COATCHECK_CALLBACK_PORTS',
      '443 65536',
      'COATCHECK_CALLBACK_PORTS must be ports from 1 to 65535, separated by spaces, got "443 65536"',
    ],
    [
      'COATCHECK_SECRETS',
      'MODEL_KEY=arn API_KEY =arn',
      'COATCHECK_SECRETS must be name=text, separated by spaces, got "API_KEY", "=arn"',
    ],
    [
      'COATCHECK_FAILURE_RATE_PERCENT',
      '0',
      'COATCHECK_FAILURE_RATE_PERCENT must be a whole number of percent from 1 to 100, got 0',
    ],
    ['COATCHECK_MEASURE_LOAD', 'true', 'COATCHECK_MEASURE_LOAD must be one of off, on, got "true"'],
    [
      'COATCHECK_CONCURRENCY',
      'ten',
      'COATCHECK_CONCURRENCY must be a whole number of requests from 1 to 400, got "ten"',
    ],
    [
      'COATCHECK_CONCURRENCY',
      '',
      'COATCHECK_CONCURRENCY must be a whole number of requests from 1 to 400, got ""',
    ],
    [
      'COATCHECK_CONCURRENCY',
      '0',
      'COATCHECK_CONCURRENCY must be a whole number of requests from 1 to 400, got 0',
    ],
    [
      'COATCHECK_RETRY_BASE_SECONDS',
      '1.5',
      'COATCHECK_RETRY_BASE_SECONDS must be a whole number of seconds from 1 to 43200, got "1.5"',
    ],
    [
      'COATCHECK_INLINE_LIMIT_BYTES',
      '1000001',
      'COATCHECK_INLINE_LIMIT_BYTES must be a whole number of bytes from 0 to 1000000, got 1000001',
    ],
    [
      'COATCHECK_MAX_JSON_DEPTH',
      'Infinity',
      'COATCHECK_MAX_JSON_DEPTH must be a whole number of levels from 1 to 1000, got "Infinity"',
    ],
  ])('%s set to %j', (name, value, problem) => {
    expect(problemsOf({ ...VARIABLES, [name]: value })).toBe(
      `The processor's environment is not usable: ${problem}`,
    );
  });
});

test('several problems are reported together', () => {
  const message = problemsOf({});
  for (const name of REQUIRED) expect(message).toContain(`${name} must be set, got nothing`);
});

/** Only a processor must have a dead-letter queue; a deployment may have no settings but the defaults. */
const OPTIONAL_FOR_API = [
  ...OPTIONAL,
  'COATCHECK_DEAD_LETTER_QUEUE_URL',
  'COATCHECK_GIVEN_NUMBERS',
  'COATCHECK_UPLOAD_PREFIX',
  'COATCHECK_PAYLOAD_PREFIX',
  'COATCHECK_TIMEOUT_SECONDS',
  'COATCHECK_INLINE_LIMIT_BYTES',
  'COATCHECK_MAX_PAYLOAD_BYTES',
  'COATCHECK_RECORD_AGE_DAYS',
  'COATCHECK_MAX_JSON_DEPTH',
  'COATCHECK_RESULT_AGE_DAYS',
  'COATCHECK_MAX_WAIT_SECONDS',
  'COATCHECK_TENANT_SHARE_PERCENT',
  'COATCHECK_ACCEPT_MIN_VERSION',
  'COATCHECK_TRACING',
  'COATCHECK_INPUT_RETENTION_SECONDS',
  'COATCHECK_UPLOAD_AGE_DAYS',
];

describe('for the API', () => {
  test('settings with their defaults take no room', () => {
    const environment = { ...API_ENVIRONMENT, ...API_DEFAULTS };
    const written = writeApiEnvironment(environment);
    const spared = Object.keys(writeApiEnvironment(API_ENVIRONMENT)).filter((name) => !(name in written));
    expect(spared).toHaveLength(Object.keys(API_DEFAULTS).length);
    expect(readApiEnvironment(written)).toEqual(environment);
  });

  test.each(Object.keys(API_VARIABLES).filter((name) => !OPTIONAL_FOR_API.includes(name)))(
    '%s missing is reported alone',
    (name) => {
      expect(problemsOf({ ...API_VARIABLES, [name]: undefined }, readApiEnvironment)).toBe(
        `The HTTP API's environment is not usable: ${name} must be set, got nothing`,
      );
    },
  );

  test.each([
    ['COATCHECK_API_AUTH', 'basic', 'COATCHECK_API_AUTH must be one of iam, jwt, none, got "basic"'],
    ['COATCHECK_FIRST_SLOTS', '0', 'COATCHECK_FIRST_SLOTS must be a whole number of requests from 1, got 0'],
    [
      'COATCHECK_FIRST_SLOTS',
      '2.5',
      'COATCHECK_FIRST_SLOTS must be a whole number of requests from 1, got "2.5"',
    ],
    [
      'COATCHECK_FIRST_SLOTS',
      'many',
      'COATCHECK_FIRST_SLOTS must be a whole number of requests from 1, got "many"',
    ],
    [
      'COATCHECK_MAX_WAIT_SECONDS',
      '345601',
      'COATCHECK_MAX_WAIT_SECONDS must be a whole number of seconds from 1 to 345600, got 345601',
    ],
    [
      'COATCHECK_TENANT_SHARE_PERCENT',
      '101',
      'COATCHECK_TENANT_SHARE_PERCENT must be a whole number of percent from 1 to 100, got 101',
    ],
  ])('%s set to %j is reported', (name, value, problem) => {
    expect(problemsOf({ ...API_VARIABLES, [name]: value }, readApiEnvironment)).toBe(
      `The HTTP API's environment is not usable: ${problem}`,
    );
  });

  test.each([undefined, ''])('a tenant claim of %j means none', (COATCHECK_TENANT_CLAIM) => {
    expect(readApiEnvironment({ ...API_VARIABLES, COATCHECK_TENANT_CLAIM }).tenantClaim).toBe('');
  });
});
