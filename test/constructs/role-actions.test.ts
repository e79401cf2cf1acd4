import { readFileSync } from 'node:fs';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import { resources, serviceInApp } from './service-in-app.ts';

/** Calls of the SDK that need an action of another name, or several. */
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

/** What Lambda does as the function: it writes logs and traces, and reads the queue of an event source. */
const OF_LAMBDA = [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ReceiveMessage',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];

/** Without it S3 answers "denied" for an object that isn't there, and a missing payload would be retried. */
const NEVER_CALLED = ['s3:ListBucket'];

/** The actions that the calls in a function's code need, by the name of the action without its service. */
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
])(
  'E16: every action that the role of a function allows is one that its code or Lambda calls: %s',
  (name, role) => {
    const template = serviceInApp({
      api: {},
      webhooks: {},
      observability: { failureEvents: {}, tracing: true },
    }).template();
    const allowed = resources(template)
      .filter(({ id, type }) => type === 'AWS::IAM::Policy' && id.startsWith(role))
      .flatMap(({ properties }) => properties.PolicyDocument.Statement)
      .flatMap(({ Action }: { Action: string | string[] }) => Action);
    expect(allowed.length).toBeGreaterThan(3);
    const called = calledBy(name);
    const unused = allowed.filter(
      (action) =>
        !called.has(action) && !called.has(action.replace(/^\w+/, '')) && !OF_LAMBDA.includes(action),
    );
    expect(unused.filter((action) => !NEVER_CALLED.includes(action))).toEqual([]);
  },
);
