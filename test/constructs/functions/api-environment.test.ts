import { CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { expect, it } from 'vitest';
import { ApiAuth, type AsyncServiceProps, Tracing } from '../../../lib/constructs/index.ts';
import { alarmHash } from '../../../lib/core/config/alarm-hash.ts';
import { readApiEnvironment } from '../../../lib/core/config/api-environment.ts';
import { emptyApp, readable, resource, serviceIn } from '../service-in-app.ts';

/** The environment variables of the API function of a service in `stack`, and the resources they refer to. */
function variablesOf(props: Partial<AsyncServiceProps>, stack = new Stack(emptyApp(), 'Stack')) {
  const template = serviceIn(stack, { api: {}, ...props }).template();
  const { Variables } = resource(template, 'AWS::Lambda::Function', 'ServiceApi').properties.Environment;
  return {
    variables: readable(Variables) as Record<string, string>,
    bucket: `<${resource(template, 'AWS::S3::Bucket').id}>`,
    table: `<${resource(template, 'AWS::DynamoDB::GlobalTable').id}>`,
    input: `<${resource(template, 'AWS::SQS::Queue', 'ServiceInputQueue').id}>`,
    pauses: `<${resource(template, 'AWS::SQS::Queue', 'ServicePausesQueue').id}>`,
    alarmHashes: Object.keys(template.findResources('AWS::CloudWatch::Alarm')).map(alarmHash),
  };
}

it('has the defaults, in the form that the API reads', () => {
  const { variables, bucket, table, input, pauses, alarmHashes } = variablesOf({});
  expect(readApiEnvironment(variables)).toEqual({
    acceptsMinVersion: false,
    maxJsonDepth: 128,
    serviceName: 'Stack/Service',
    inputQueueUrl: input,
    highInputQueueUrl: '',
    lowInputQueueUrl: '',
    topics: ['*'],
    otherProcessors: [],
    limits: [],
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
    activity: false,
    givenNumbers: { concurrency: 10, outputRetentionSeconds: 345_600, visibilityTimeoutSeconds: 360 },
    alarmPrefix: 'Stack-ServiceAlarms',
    alarmHashes,
    pauseQueueUrl: pauses,
    inputRetentionSeconds: 345_600,
    uploadAgeDays: 15,
    payloadBucket: bucket,
    requestTable: table,
    uploadPrefix: 'requests/',
    payloadPrefix: 'payloads/',
    auth: 'iam',
    tenantClaim: '',
    operatorClaim: '',
    operatorValue: '',
    firstSlots: 50,
    reachableSlots: 3_050,
    timeoutSeconds: 60,
    inlineLimitBytes: 262_144,
    maxPayloadBytes: 5_368_709_120,
    recordAgeDays: 30,
    recordMetadata: [],
    resultAgeDays: 15,
    maxWaitSeconds: 900,
    tenantSharePercent: 50,
    tracing: 'off',
    webhookQueueUrl: '',
    webhookSecret: '',
    receiptSecret: '',
    webhookDefaultUrl: '',
    webhookEvents: ['succeeded', 'failed', 'cancelled', 'expired'],
    callbacks: 'off',
    callbackPorts: [443, 8443],
  });
});

it('has the values of the props', () => {
  const { variables, bucket, table, input, pauses, alarmHashes } = variablesOf({
    observability: { tracing: Tracing.otlp() },
    serviceName: 'urn:reports',
    version: '1.4.2',
    function: { timeout: Duration.minutes(2) },
    output: { inlineLimitBytes: 1_000 },
    payloads: {
      maxBytes: 2_000,
      lifecycle: { results: Duration.days(7) },
      prefixes: { uploads: 'in/', payloads: 'by-reference/' },
    },
    records: { retention: Duration.days(40), metadata: ['customer'] },
    api: {
      auth: ApiAuth.jwt({
        issuer: 'https://issuer.example.com',
        audience: 'coatcheck',
        tenantClaim: 'custom:tenant',
        operators: { claim: 'cognito:groups', value: 'coatcheck-operators' },
      }),
      maxWait: Duration.minutes(3),
      tenantShare: 10,
    },
  });
  expect(readApiEnvironment(variables)).toEqual({
    acceptsMinVersion: true,
    maxJsonDepth: 128,
    serviceName: 'urn:reports',
    inputQueueUrl: input,
    highInputQueueUrl: '',
    lowInputQueueUrl: '',
    topics: ['*'],
    otherProcessors: [],
    limits: [],
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
    activity: false,
    givenNumbers: {
      concurrency: 10,
      inlineLimitBytes: 1_000,
      maxPayloadBytes: 2_000,
      maxWaitSeconds: 180,
      outputRetentionSeconds: 345_600,
      recordAgeDays: 40,
      resultAgeDays: 7,
      tenantSharePercent: 10,
      timeoutSeconds: 120,
      visibilityTimeoutSeconds: 720,
    },
    alarmPrefix: 'Stack-ServiceAlarms',
    alarmHashes,
    pauseQueueUrl: pauses,
    inputRetentionSeconds: 345_600,
    uploadAgeDays: 15,
    payloadBucket: bucket,
    requestTable: table,
    uploadPrefix: 'in/',
    payloadPrefix: 'by-reference/',
    auth: 'jwt',
    tenantClaim: 'custom:tenant',
    operatorClaim: 'cognito:groups',
    operatorValue: 'coatcheck-operators',
    firstSlots: 50,
    reachableSlots: 3_050,
    timeoutSeconds: 120,
    inlineLimitBytes: 1_000,
    maxPayloadBytes: 2_000,
    recordAgeDays: 40,
    recordMetadata: ['customer'],
    resultAgeDays: 7,
    maxWaitSeconds: 180,
    tenantSharePercent: 10,
    tracing: 'otlp',
    webhookQueueUrl: '',
    webhookSecret: '',
    receiptSecret: '',
    webhookDefaultUrl: '',
    webhookEvents: ['succeeded', 'failed', 'cancelled', 'expired'],
    callbacks: 'off',
    callbackPorts: [443, 8443],
  });
});

it.each<[Partial<AsyncServiceProps>, string, string]>([
  [{ queue: { maxConcurrency: 3 } }, '30', '30'],
  [{ queue: { maxConcurrency: 100 } }, '50', '1000'],
  [{ queue: { maxConcurrency: 1_000 } }, '50', '3050'],
  [{ queue: { pollers: { min: 3, max: 500 } } }, '300', '10300'],
  [{ queue: { pollers: { min: 3, max: 4 } } }, '300', '400'],
  [{ queue: { batchSize: 1 } }, '5', '305'],
  [{ function: { requestConcurrency: 4 } }, '20', '1220'],
  [{ function: { requestConcurrency: 400 } }, '50', '3050'],
  [{ queue: { maxConcurrency: 2 }, function: { requestConcurrency: 1 } }, '2', '2'],
])(
  'contains the number of requests handled concurrently: with %j, %s at first and %s a minute later',
  (props, first, later) => {
    const { variables } = variablesOf(props);
    expect(variables.COATCHECK_FIRST_SLOTS).toBe(first);
    expect(variables.COATCHECK_REACHABLE_SLOTS).toBe(later);
  },
);

it('uses the minimum of numbers that are only known at deployment', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const number = (id: string) => new CfnParameter(stack, id, { type: 'Number' }).valueAsNumber;
  const { variables } = variablesOf(
    { queue: { maxConcurrency: number('Batches') }, function: { requestConcurrency: number('Requests') } },
    stack,
  );
  expect(variables.COATCHECK_FIRST_SLOTS).toBe('2');
  expect(variables.COATCHECK_REACHABLE_SLOTS).toBe('2');
});

it('refers to numbers that are only known at deployment', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const share = new CfnParameter(stack, 'Share', { type: 'Number' }).valueAsNumber;
  const { variables } = variablesOf({ api: { tenantShare: share } }, stack);
  expect(variables.COATCHECK_TENANT_SHARE_PERCENT).toBe('<Share>');
});

it("has a service name for logs and none of the processor's variables", () => {
  const { variables } = variablesOf({ function: { environment: { TABLE: 'reports' } } });
  expect(variables).toMatchObject({ POWERTOOLS_SERVICE_NAME: 'Stack/Service' });
  for (const name of ['TABLE', 'NODE_OPTIONS']) expect(variables).not.toHaveProperty(name);
});
