import { Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { expect, it } from 'vitest';
import { readApiEnvironment } from '../../lib/core/config/api-environment.ts';
import { readBatchEnvironment } from '../../lib/core/config/batch-environment.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { emptyApp, readable, resource, resources, serviceIn, serviceInApp } from './service-in-app.ts';

const TABLE = 'AWS::DynamoDB::GlobalTable';

function statementsOf(template: Template, beginning: string) {
  const { Statement } = resource(template, 'AWS::IAM::Policy', beginning).properties.PolicyDocument;
  return readable(Statement) as { Action: string | string[]; Resource: string }[];
}

function batchFunction(template: Template) {
  return resource(template, 'AWS::Lambda::Function', 'ServiceApiBatchesFunction');
}

function environmentOf(template: Template, beginning: string) {
  const { Variables } = resource(template, 'AWS::Lambda::Function', beginning).properties.Environment;
  return readable(Variables) as Record<string, string>;
}

it('are off by default: the table has no stream', () => {
  const template = serviceInApp({ api: {} }).template();
  expect(resources(template).filter(({ id }) => id.includes('Batch'))).toEqual([]);
  expect(resource(template, TABLE).properties.StreamSpecification).toBeUndefined();
  expect(readApiEnvironment(environmentOf(template, 'ServiceApiFunction'))).toMatchObject({
    batchGroup: '',
    batchRole: '',
    batchFunctionArn: '',
  });
});

it('have a function that gets only changes of records in batches', () => {
  const template = serviceInApp({ api: { batches: true }, webhooks: {} }).template();
  expect(resource(template, TABLE).properties.StreamSpecification).toEqual({ StreamViewType: 'NEW_IMAGE' });
  const deadLetters = `<${resource(template, 'AWS::SQS::Queue', 'ServiceApiBatchesDeadLetters').id}.Arn>`;
  const source = resources(template).find(
    ({ type, id }) => type === 'AWS::Lambda::EventSourceMapping' && id.includes('Batches'),
  );
  expect(readable(source?.properties)).toMatchObject({
    EventSourceArn: `<${resource(template, TABLE).id}.StreamArn>`,
    FunctionName: `<${batchFunction(template).id}>`,
    FilterCriteria: {
      Filters: [
        { Pattern: JSON.stringify({ dynamodb: { NewImage: { batch: { S: [{ exists: true }] } } } }) },
      ],
    },
    StartingPosition: 'TRIM_HORIZON',
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: 100,
    DestinationConfig: { OnFailure: { Destination: deadLetters } },
  });
  const group = resource(template, 'AWS::Scheduler::ScheduleGroup', 'ServiceApiBatches').properties.Name;
  expect(readBatchEnvironment(environmentOf(template, 'ServiceApiBatchesFunction'))).toMatchObject({
    scheduleGroup: group,
    webhookQueueUrl: `<${resource(template, 'AWS::SQS::Queue', 'ServiceWebhooksDeliveriesQueue').id}>`,
  });
});

it('have timers, which the API starts', () => {
  const template = serviceInApp({ api: { batches: true } }).template();
  const group = resource(template, 'AWS::Scheduler::ScheduleGroup').properties.Name;
  const role = `<${resource(template, 'AWS::IAM::Role', 'ServiceApiBatchesRole').id}.Arn>`;
  const firing = `<${batchFunction(template).id}.Arn>`;
  expect(readApiEnvironment(environmentOf(template, 'ServiceApiFunction'))).toMatchObject({
    batchGroup: group,
    batchRole: role,
    batchFunctionArn: firing,
    scheduleGroup: '',
  });
  expect(statementsOf(template, 'ServiceApiBatchesRole')).toEqual([
    { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: firing },
  ]);
  const timers = `arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/${group}/*`;
  expect(statementsOf(template, 'ServiceApiFunctionRole')).toEqual(
    expect.arrayContaining([
      { Effect: 'Allow', Action: 'scheduler:CreateSchedule', Resource: timers },
      {
        Effect: 'Allow',
        Action: 'iam:PassRole',
        Resource: role,
        Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      },
    ]),
  );
  const actions = statementsOf(template, 'ServiceApiBatchesFunctionRole').flatMap(({ Action }) => Action);
  expect(actions.filter((action) => action.startsWith('sqs:'))).toEqual(['sqs:SendMessage']);
  expect(actions).not.toContain('lambda:InvokeFunction');
});

it('write manifests below the prefix of results, and read and store payloads below theirs', () => {
  const template = serviceInApp({
    api: { batches: true },
    payloads: { prefixes: { results: 'outcomes/' } },
  }).template();
  const bucket = resource(template, 'AWS::S3::Bucket').id;
  expect(readBatchEnvironment(environmentOf(template, 'ServiceApiBatchesFunction'))).toMatchObject({
    payloadBucket: `<${bucket}>`,
    resultPrefix: 'outcomes/',
    resultAgeDays: 15,
  });
  const statements = statementsOf(template, 'ServiceApiBatchesFunctionRole');
  expect(statements.filter(({ Action }) => [Action].flat().some((each) => each.startsWith('s3:')))).toEqual([
    {
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: [`<${bucket}.Arn>/outcomes/batches/*`, `<${bucket}.Arn>/payloads/*`],
    },
  ]);
});

/** Checks that the function can send to queues, and knows their URLs. */
function expectSends(
  template: Template,
  urls: readonly (string | undefined)[],
  beginnings: readonly string[],
) {
  const ids = beginnings.map((beginning) => resource(template, 'AWS::SQS::Queue', beginning).id);
  expect(urls).toEqual(ids.map((id) => `<${id}>`));
  const sends = statementsOf(template, 'ServiceApiBatchesFunctionRole').filter(({ Action }) =>
    [Action].flat().includes('sqs:SendMessage'),
  );
  expect(sends.flatMap(({ Resource }) => Resource)).toEqual(
    expect.arrayContaining(ids.map((id) => `<${id}.Arn>`)),
  );
}

it('import items for the lanes of the service', () => {
  const template = serviceInApp({ api: { batches: true }, queue: { lanes: {} } }).template();
  const environment = readBatchEnvironment(environmentOf(template, 'ServiceApiBatchesFunction'));
  const { inputQueueUrl, highInputQueueUrl, lowInputQueueUrl } = environment;
  expectSends(
    template,
    [inputQueueUrl, highInputQueueUrl, lowInputQueueUrl],
    ['ServiceInputQueue', 'ServiceHighInput', 'ServiceLowInput'],
  );
});

it('import items for services behind', () => {
  const { service, template } = serviceInApp({ api: { batches: true }, topics: ['orders'] });
  service.addProcessor('Reports', { entry: 'test/constructs/fixtures/processor.ts', topics: ['reports'] });
  const environment = readBatchEnvironment(environmentOf(template(), 'ServiceApiBatchesFunction'));
  const { inputQueueUrl } = environment;
  const [behind] = environment.otherProcessors;
  const queueUrl = behind?.inputQueueName.replace('.QueueName', '');
  expectSends(template(), [inputQueueUrl, queueUrl], ['ServiceInputQueue', 'ServiceReportsInputQueue']);
});

it('alarm when changes could not be counted', () => {
  const { service } = serviceInApp({ api: { batches: true } });
  expect(service.alarms.map(({ node }) => node.id)).toContain('BatchDeadLetters');
});

nagIt('have no findings, with a key or without', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  serviceIn(stack, {
    api: { batches: true },
    webhooks: {},
    encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }),
  });
  expect(nagFindingsIn(stack)).toEqual([]);
});
