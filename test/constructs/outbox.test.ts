import { Duration, Stack } from 'aws-cdk-lib';
import { AttributeType, StreamViewType, Table, type TablePropsV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { AccountPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { type AsyncServiceProps, Outbox, type OutboxProps } from '../../lib/constructs/index.ts';
import { DynamoDbOutbox } from '../../lib/outbox/index.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { ENTRY, emptyApp, readable, resource, resources, serviceIn } from './service-in-app.ts';

function outboxIn(
  stack: Stack,
  props: Partial<OutboxProps> = {},
  serviceProps: Partial<AsyncServiceProps> = {},
) {
  const { service, template } = serviceIn(stack, serviceProps);
  const outbox = new Outbox(stack, 'Outbox', { service, ...props });
  return { service, outbox, template };
}

function emptyStack(): Stack {
  return new Stack(emptyApp(), 'Stack', { env: { account: '123456789012', region: 'us-east-1' } });
}

const TEXT = AttributeType.STRING;

function appTable(stack: Stack, props: Partial<TablePropsV2> = {}): TableV2 {
  return new TableV2(stack, 'App', {
    partitionKey: { name: 'PK', type: TEXT },
    sortKey: { name: 'SK', type: TEXT },
    dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
    ...props,
  });
}

const INDEX = { indexName: 'byDate', sortKey: { name: 'date', type: TEXT } };

describe('an outbox with a table of its own', () => {
  const stack = emptyStack();
  const { service, outbox, template } = outboxIn(stack, {}, { queue: { lanes: {} }, topics: ['images'] });
  service.addProcessor('Reports', { entry: ENTRY, topics: ['reports'] });
  const application = new Role(stack, 'Application', { assumedBy: new AccountPrincipal('123456789012') });
  outbox.grantPut(application);

  it('has a table whose stream has the inserted rows, and whose index keeps those of a key together', async () => {
    const { properties } = resource(template(), 'AWS::DynamoDB::GlobalTable', 'Outbox');
    expect(properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
      LocalSecondaryIndexes: [expect.objectContaining({ Projection: { ProjectionType: 'KEYS_ONLY' } })],
    });
    const { documentItem } = await new DynamoDbOutbox({ tableName: 'own' }).put('x', { orderingKey: 'k' });
    const keys = properties.KeySchema.map(({ AttributeName: name }: { AttributeName: string }) => name);
    const [partition, sort] = keys.map((name: string) => documentItem.Put.Item[name]);
    expect([partition, sort]).toEqual(['k', documentItem.Put.Item.id]);
    // No row is in the index, or it would cost a write.
    const indexed = properties.LocalSecondaryIndexes[0].KeySchema[1].AttributeName;
    expect(documentItem.Put.Item).not.toHaveProperty(indexed);
  });

  it('relays insertions only, from the beginning of the stream, and isolates what fails', () => {
    const { properties } = resource(template(), 'AWS::Lambda::EventSourceMapping', 'Outbox');
    expect(readable(properties)).toMatchObject({
      EventSourceArn: expect.stringMatching(/^<OutboxTable.*\.StreamArn>$/),
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 100,
      ParallelizationFactor: 1,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRecordAgeInSeconds: 3_600,
      MaximumRetryAttempts: 100,
      DestinationConfig: { OnFailure: { Destination: expect.stringMatching(/^<OutboxFailures.*\.Arn>$/) } },
    });
    expect(JSON.parse(properties.FilterCriteria.Filters[0].Pattern)).toEqual({
      eventName: ['INSERT'],
      dynamodb: { NewImage: { type: { S: ['coatcheck.request.submitted'] } } },
    });
  });

  it('sends to the queues of all priorities and of the services behind', () => {
    const { Environment } = resource(template(), 'AWS::Lambda::Function', 'OutboxFunction').properties;
    const variables = readable(Environment.Variables);
    expect(variables).toMatchObject({
      COATCHECK_OUTBOX_TABLE: expect.stringMatching(/^<OutboxTable/),
      COATCHECK_INPUT_QUEUE_URL: expect.stringMatching(/^<ServiceInputQueue/),
      COATCHECK_HIGH_INPUT_QUEUE_URL: expect.stringMatching(/^<ServiceHighInput/),
      COATCHECK_LOW_INPUT_QUEUE_URL: expect.stringMatching(/^<ServiceLowInput/),
      COATCHECK_TOPICS: 'images',
      COATCHECK_OTHER_PROCESSORS: expect.stringContaining('<ServiceReportsInputQueue'),
    });
    const statements = statementsOf('OutboxRole', template());
    const queues = statements
      .filter(({ Action }) => Action === 'sqs:SendMessage')
      .flatMap(({ Resource }) => Resource);
    expect(queues).toHaveLength(5);
  });

  it('sweeps the table every 15 minutes', () => {
    const { properties } = resource(template(), 'AWS::Events::Rule', 'OutboxSweep');
    expect(properties).toMatchObject({ ScheduleExpression: 'rate(15 minutes)', State: 'ENABLED' });
  });

  it('lets an application put items, and payloads where the lifecycle of the bucket ends them', async () => {
    const statements = statementsOf('Application', template());
    expect(statements).toEqual([
      {
        Effect: 'Allow',
        Action: 'dynamodb:PutItem',
        Resource: expect.stringMatching(/^<OutboxTable.*\.Arn>$/),
      },
      {
        Effect: 'Allow',
        Action: ['s3:AbortMultipartUpload', 's3:PutObject'],
        Resource: expect.stringMatching(/\/payloads\/\*$/),
      },
    ]);
    const { LifecycleConfiguration } = resource(template(), 'AWS::S3::Bucket').properties;
    const rule = LifecycleConfiguration.Rules.find(
      ({ Prefix }: { Prefix: string }) => Prefix === 'payloads/',
    );
    expect(rule).toMatchObject({ ExpirationInDays: 15, Status: 'Enabled' });
  });

  it('has alarms on failures, waiting rows and errors', () => {
    const alarms = resources(template()).filter(
      ({ type, id }) => type === 'AWS::CloudWatch::Alarm' && id.startsWith('Outbox'),
    );
    expect(alarms.map(({ properties: { MetricName, Threshold } }) => [MetricName, Threshold])).toEqual([
      ['ApproximateNumberOfMessagesVisible', 1],
      ['IteratorAge', 300_000],
      ['Errors', 1],
    ]);
    expect(outbox.alarms).toHaveLength(3);
  });

  nagIt('has no findings of cdk-nag', () => {
    // Of the role of the application.
    expect(nagFindingsIn(stack)).toEqual([expect.stringMatching(/^AwsSolutions-IAM5.*payloads\/\*\]$/)]);
  });
});

function statementsOf(role: string, template: Parameters<typeof resources>[0]) {
  return resources(template)
    .filter(({ id, type }) => type === 'AWS::IAM::Policy' && id.startsWith(role))
    .flatMap(({ properties }) => readable(properties.PolicyDocument.Statement) as Record<string, unknown>[]);
}

it('with order, a row that fails is repeated nearly as long as the stream keeps it', () => {
  const { template } = outboxIn(emptyStack(), {}, { order: 'fifo' });
  expect(resource(template(), 'AWS::Lambda::EventSourceMapping', 'Outbox').properties).toMatchObject({
    ParallelizationFactor: 1,
    MaximumRecordAgeInSeconds: 82_800,
    MaximumRetryAttempts: 10_000,
  });
});

it('the key of the service encrypts table and queue, and the alarms notify its topic', () => {
  const stack = emptyStack();
  const topic = new Topic(stack, 'Topic');
  const { template } = outboxIn(
    stack,
    {},
    { encryptionKey: new Key(stack, 'Key'), observability: { alarmTopic: topic } },
  );
  const table = resource(template(), 'AWS::DynamoDB::GlobalTable', 'Outbox').properties;
  expect(table.SSESpecification).toMatchObject({ SSEType: 'KMS' });
  expect(resource(template(), 'AWS::SQS::Queue', 'Outbox').properties.KmsMasterKeyId).toBeDefined();
  const kms = statementsOf('OutboxRole', template()).map(({ Condition }) => JSON.stringify(Condition) ?? '');
  expect(kms.join()).toContain('dynamodb.us-east-1');
  expect(kms.join()).toContain('sqs.us-east-1');
  const alarm = resource(template(), 'AWS::CloudWatch::Alarm', 'OutboxOutboxLag').properties;
  expect(readable(alarm.AlarmActions)).toEqual([expect.stringMatching(/^<Topic/)]);
});

describe('an existing table', () => {
  it('is used as it is, without a sweep, and an application may only write keys with the prefix', () => {
    const stack = emptyStack();
    const { outbox, template } = outboxIn(stack, { table: appTable(stack), keyPrefix: 'o/' });
    outbox.grantPut(new Role(stack, 'Application', { assumedBy: new AccountPrincipal('123456789012') }));
    expect(resources(template()).filter(({ type }) => type === 'AWS::Events::Rule')).toEqual([]);
    expect(statementsOf('Application', template())[0]).toMatchObject({
      Action: 'dynamodb:PutItem',
      Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['o/*'] } },
    });
  });

  it('may be imported, with a warning', () => {
    const stack = emptyStack();
    const table = Table.fromTableAttributes(stack, 'App', {
      tableArn: 'arn:aws:dynamodb:us-east-1:123456789012:table/app',
      tableStreamArn: 'arn:aws:dynamodb:us-east-1:123456789012:table/app/stream/2026-11-30T00:00:00.000',
    });
    const { outbox } = outboxIn(stack, { table });
    expect(outbox.node.metadata.map(({ data }) => String(data)).join()).toContain(
      "table isn't part of this app",
    );
  });

  it.each<[string, (stack: Stack) => Table | TableV2 | ReturnType<typeof Table.fromTableName>, string]>([
    [
      'a TableV2 without a stream',
      (stack) => appTable(stack, { dynamoStream: undefined }),
      'table must have a stream, got Stack/App without one: set dynamoStream (stream of a Table) to StreamViewType.NEW_IMAGE',
    ],
    [
      'a Table without a stream',
      (stack) => new Table(stack, 'App', { partitionKey: { name: 'PK', type: TEXT } }),
      'table must have a stream, got Stack/App without one',
    ],
    [
      'an imported table without a stream',
      (stack) => Table.fromTableName(stack, 'App', 'app'),
      'table must have a stream, got Stack/App without one: import it by Table.fromTableAttributes with its tableStreamArn',
    ],
  ])('is refused: %s', (_, table, problem) => {
    const stack = emptyStack();
    expect(() => outboxIn(stack, { table: table(stack) })).toThrow(problem);
  });

  it.each<[string, (stack: Stack) => Partial<OutboxProps>, Partial<AsyncServiceProps>, string]>([
    [
      'a stream of keys',
      (stack) => ({ table: appTable(stack, { dynamoStream: StreamViewType.KEYS_ONLY }) }),
      {},
      'The stream of table must be one of NEW_IMAGE, NEW_AND_OLD_IMAGES, got KEYS_ONLY of Stack/App',
    ],
    [
      'a stream of keys of a Table',
      (stack) => ({
        table: new Table(stack, 'App', {
          partitionKey: { name: 'PK', type: TEXT },
          stream: StreamViewType.OLD_IMAGE,
        }),
      }),
      {},
      'got OLD_IMAGE of Stack/App',
    ],
    [
      'a key that is a number',
      (stack) => ({ table: appTable(stack, { sortKey: { name: 'SK', type: AttributeType.NUMBER } }) }),
      {},
      'The keys of table must be of the type S, got SK of Stack/App, which is of the type N',
    ],
    [
      'with order, one without an index',
      (stack) => ({ table: appTable(stack) }),
      { order: 'fifo' },
      "table must be part of the app and have a sort key and a local secondary index, since the service has order: 'fifo', got Stack/App without an index",
    ],
    [
      'with order, one without a sort key',
      (stack) => ({ table: appTable(stack, { sortKey: undefined }) }),
      { order: 'fifo' },
      'got Stack/App without a sort key',
    ],
  ])('is refused at synthesis: %s', (_, props, serviceProps, problem) => {
    const stack = emptyStack();
    const { template } = outboxIn(stack, props(stack), serviceProps);
    expect(() => template()).toThrow(problem);
  });

  it('keeps order with an index', () => {
    const stack = emptyStack();
    const { template } = outboxIn(
      stack,
      { table: appTable(stack, { localSecondaryIndexes: [INDEX] }) },
      { order: 'fifo' },
    );
    expect(() => template()).not.toThrow();
  });

  it('has one outbox', () => {
    const stack = emptyStack();
    const table = appTable(stack);
    const { service, template } = outboxIn(stack, { table });
    new Outbox(stack, 'Other', { service, table });
    expect(() => template()).toThrow(
      'The table of Stack/Outbox must have one outbox, got Stack/Other as well',
    );
  });
});

it.each(['', 'o*', 'a$'])('a prefix of keys must mean itself in a policy: %s', (keyPrefix) => {
  const stack = emptyStack();
  expect(() => outboxIn(stack, { table: appTable(stack), keyPrefix })).toThrow(
    `keyPrefix must be one or more characters without * ? $, got "${keyPrefix}"`,
  );
});

it('a table of its own needs no prefix of keys', () => {
  expect(() => outboxIn(emptyStack(), { keyPrefix: 'o/' })).toThrow(
    'keyPrefix must only be set with table, got "o/" without it',
  );
});

it('payloads must be kept for as long as a row may wait, and its message after it', () => {
  const lifecycle = { uploads: Duration.days(4), replacedUploads: Duration.days(4) };
  expect(() => outboxIn(emptyStack(), {}, { payloads: { lifecycle } })).toThrow(
    'payloads.lifecycle.uploads of the service must be at least 5 days (queue.retention + the day that a stream keeps a row), got 4',
  );
});

it('the service is the front door', () => {
  const stack = emptyStack();
  const { service } = serviceIn(stack, { topics: ['images'] });
  const behind = service.addProcessor('Reports', { entry: ENTRY, topics: ['reports'] });
  expect(() => new Outbox(stack, 'Outbox', { service: behind })).toThrow(
    'service must be Stack/Service, whose front door it is, got Stack/Service/Reports',
  );
});
