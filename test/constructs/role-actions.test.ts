import { readFileSync } from 'node:fs';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import { Tracing } from '../../lib/constructs/observability/tracing.ts';
import { resources, serviceInApp } from './service-in-app.ts';

/** SDK calls whose actions have another name, or that need several actions. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  BatchExecuteStatement: ['dynamodb:PartiQLInsert', 'dynamodb:PartiQLSelect', 'dynamodb:PartiQLUpdate'],
  ChangeMessageVisibilityBatch: ['sqs:ChangeMessageVisibility'],
  CopyObject: ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject'],
  CreateSchedule: ['scheduler:CreateSchedule', 'iam:PassRole'],
  DeleteMessageBatch: ['sqs:DeleteMessage'],
  GetObject: ['s3:GetObject', 's3:GetObjectVersion'],
  HeadObject: ['s3:GetObject', 's3:GetObjectVersion'],
  SendMessageBatch: ['sqs:SendMessage'],
  Upload: ['s3:PutObject', 's3:AbortMultipartUpload'],
  createPresignedPost: ['s3:PutObject'],
};

/** Actions of Lambda itself with the role of the function: logs, traces and the queue of the event source. */
const OF_LAMBDA = [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
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

test.each([
  ['processor', 'ServiceProcessorRole'],
  ['api', 'ServiceApiFunctionRole'],
  ['breaker', 'ServiceCircuitBreakerRole'],
  ['webhook', 'ServiceWebhooksRole'],
])('E16: the role of a function allows only actions that its code or Lambda uses: %s', (name, role) => {
  const template = serviceInApp({
    api: {},
    webhooks: {},
    observability: { failureEvents: {}, tracing: Tracing.xray() },
  }).template();
  const allowed = resources(template)
    .filter(({ id, type }) => type === 'AWS::IAM::Policy' && id.startsWith(role))
    .flatMap(({ properties }) => properties.PolicyDocument.Statement)
    .flatMap(({ Action }: { Action: string | string[] }) => Action);
  expect(allowed.length).toBeGreaterThan(3);
  const called = calledBy(name);
  const unused = allowed.filter(
    (action) => !called.has(action) && !called.has(action.replace(/^\w+/, '')) && !OF_LAMBDA.includes(action),
  );
  expect(unused.filter((action) => !NEVER_CALLED.includes(action))).toEqual([]);
});
