import { readFileSync } from 'node:fs';
import { Duration, Stack } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import { ApiAuth, Outbox, RabbitMqEventSource } from '../../lib/constructs/index.ts';
import { Tracing } from '../../lib/constructs/observability/tracing.ts';
import { serviceOnFargate } from './fargate/service-on-fargate.ts';
import { emptyApp, resources, serviceIn, serviceInApp } from './service-in-app.ts';

/** SDK calls whose actions have another name, or that need several actions. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  BatchExecuteStatement: ['dynamodb:PartiQLInsert', 'dynamodb:PartiQLSelect', 'dynamodb:PartiQLUpdate'],
  ChangeMessageVisibilityBatch: ['sqs:ChangeMessageVisibility'],
  CopyObject: ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject'],
  CreateSchedule: ['scheduler:CreateSchedule', 'iam:PassRole'],
  DeleteMessageBatch: ['sqs:DeleteMessage'],
  GetObject: ['s3:GetObject', 's3:GetObjectVersion'],
  HeadObject: ['s3:GetObject', 's3:GetObjectVersion'],
  Invoke: ['lambda:InvokeFunction'],
  PublishBatch: ['sns:Publish'],
  SendMessageBatch: ['sqs:SendMessage'],
  TransactWriteItems: ['dynamodb:PutItem', 'dynamodb:UpdateItem'],
  Upload: ['s3:PutObject', 's3:AbortMultipartUpload'],
  createPresignedPost: ['s3:PutObject'],
};

/** Actions of Lambda itself with the role of the function: logs, traces and the queue of the event source. */
const OF_LAMBDA = [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  // Of its event source for a stream of DynamoDB.
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
  'dynamodb:ListStreams',
  // Of its event sources for RabbitMQ.
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
  'mq:DescribeBroker',
  'secretsmanager:GetSecretValue',
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
  'dynamodb:ListStreams',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ReceiveMessage',
  'xray:PutSpans',
  'xray:PutSpansForIndexing',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];

/** Without permission to list, S3 answers 403 for a missing object, and the request would be retried. */
const NEVER_CALLED = ['s3:ListBucket'];

/** The actions that the code of a function needs, without their service prefixes. */
function calledBy(name: string): Set<string> {
  const { metafile } = buildSync({
    entryPoints: [`functions/${name}/index.ts`],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    metafile: true,
    write: false,
  });
  const calls = Object.keys(metafile.inputs).flatMap((file) =>
    [
      ...readFileSync(file, 'utf8').matchAll(
        /\bnew (\w+)Command\(|\bnew (Upload)\(|\b(createPresignedPost)\(|\bpaginate(\w+)\(/g,
      ),
    ].map((match) => match.slice(1).find(Boolean) ?? ''),
  );
  return new Set(calls.flatMap((call) => ACTIONS[call] ?? [`:${call}`]));
}

/** A source of another queue system. */
function rabbitMqSource(scope: Stack): RabbitMqEventSource {
  return new RabbitMqEventSource({
    brokerArn: 'arn:aws:mq:us-east-1:123456789012:broker:orders:b-1234',
    queueName: 'orders',
    credentials: new Secret(scope, 'BrokerLogin'),
  });
}

const stack = new Stack(emptyApp(), 'Stack');
const { service, template } = serviceIn(stack, {
  api: { schedules: true, batches: true, actions: true, activity: true },
  webhooks: { endpoints: true },
  output: { fanOut: true },
  queue: { sources: [rabbitMqSource(stack)] },
  observability: { failureEvents: {}, tracing: Tracing.xray(), audit: { every: Duration.hours(6) } },
  secrets: { MODEL_KEY: new Secret(stack, 'ModelKey') },
});
new Outbox(stack, 'Outbox', { service });

function allowedTo(role: string, from = template()): string[] {
  return resources(from)
    .filter(({ id, type }) => type === 'AWS::IAM::Policy' && id.startsWith(role))
    .flatMap(({ properties }) => properties.PolicyDocument.Statement)
    .flatMap(({ Action }: { Action: string | string[] }) => Action);
}

test.each([
  ['processor', 'ServiceProcessorRole'],
  ['api', 'ServiceApiFunctionRole'],
  ['breaker', 'ServiceCircuitBreakerRole'],
  ['webhook', 'ServiceWebhooksRole'],
  ['relay', 'ServiceRelayRole'],
  ['outbox', 'OutboxRole'],
  ['schedule', 'ServiceApiSchedulesFunctionRole'],
  ['batch', 'ServiceApiBatchesFunctionRole'],
  ['audit', 'ServiceAuditRole'],
  ['action', 'ServiceApiActionsFunctionRole'],
])('E16: the role of a function allows only actions that its code or Lambda uses: %s', (name, role) => {
  const allowed = allowedTo(role);
  expect(allowed.length).toBeGreaterThan(3);
  const called = calledBy(name);
  const unused = allowed.filter(
    (action) => !called.has(action) && !called.has(action.replace(/^\w+/, '')) && !OF_LAMBDA.includes(action),
  );
  expect(unused.filter((action) => !NEVER_CALLED.includes(action))).toEqual([]);
});

test('E16: the role of the console allows nothing but writing its log', () => {
  const auth = ApiAuth.jwt({
    issuer: 'https://issuer.example.com',
    audience: 'coatcheck',
    tenantClaim: 'tenant',
    operators: { claim: 'groups', value: 'operators' },
  });
  const withConsole = serviceInApp({ api: { auth, console: { clientId: 'console' } } }).template();
  expect(allowedTo('ServiceApiConsoleRole', withConsole)).toEqual([
    'logs:CreateLogStream',
    'logs:PutLogEvents',
  ]);
  expect([...calledBy('console')]).toEqual([]);
});

/** Calls that are no commands of the SDK: to X-Ray's endpoint, and by the agent of the task. */
const OF_TASKS = ['ecs:UpdateTaskProtection', 'xray:PutSpans', 'xray:PutSpansForIndexing'];

test('the role of a task allows only actions that its code or the agent of the task uses', () => {
  const onFargate = serviceOnFargate(
    {},
    {
      api: {},
      webhooks: { endpoints: true },
      observability: { failureEvents: {}, tracing: Tracing.xray() },
    },
  );
  const allowed = allowedTo('ServiceProcessorRole', onFargate.template());
  expect(allowed).toEqual(expect.arrayContaining(OF_TASKS));
  const called = calledBy('worker');
  const unused = allowed.filter(
    (action) => !called.has(action) && !called.has(action.replace(/^\w+/, '')) && !OF_TASKS.includes(action),
  );
  expect(unused.filter((action) => !NEVER_CALLED.includes(action))).toEqual([]);
});

/** Services by the prefixes of their actions. Lambda writes logs, and passing a role is no call. */
const ENDPOINTS: Readonly<Record<string, string>> = {
  s3: 'S3',
  dynamodb: 'DynamoDB',
  sqs: 'SQS',
  sns: 'SNS',
  lambda: 'Lambda',
  secretsmanager: 'Secrets Manager',
  scheduler: 'EventBridge Scheduler',
  events: 'EventBridge',
  cloudwatch: 'CloudWatch',
};

test.each([
  ['processor', 'ServiceProcessorRole'],
  ['HTTP API', 'ServiceApiFunctionRole'],
  ['webhooks', 'ServiceWebhooksRole'],
  ['circuit breaker', 'ServiceCircuitBreakerRole'],
  ['outbox', 'OutboxRole'],
  ['schedules', 'ServiceApiSchedulesFunctionRole'],
  ['batches', 'ServiceApiBatchesFunctionRole'],
  ['audits', 'ServiceAuditRole'],
  ['actions', 'ServiceApiActionsFunctionRole'],
])('the recipe for VPCs names the services that a function calls: %s', (name, role) => {
  const page = readFileSync('docs/recipes/run-in-a-vpc.md', 'utf8');
  const rows = [...page.matchAll(/^\|(.+)\|$/gm)].map(([, row = '']) =>
    row.split('|').map((cell) => cell.trim()),
  );
  const row = rows.find(([first = '']) => first.startsWith(name)) ?? [];
  const named = rows[0]?.filter((_, index) => index > 0 && row[index] !== '') ?? [];
  const prefixes = new Set(allowedTo(role).map((action) => action.replace(/:.*/, '')));
  const called = Object.keys(ENDPOINTS).filter((prefix) => prefixes.delete(prefix));
  expect(named.toSorted()).toEqual(called.map((prefix) => ENDPOINTS[prefix]).toSorted());
  for (const prefix of prefixes) expect(['logs', 'xray', 'iam', 'cloudwatch']).toContain(prefix);
});
