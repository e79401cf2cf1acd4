import { Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import {
  AsyncService,
  type AsyncServiceProps,
  OutcomeSubscription,
  type OutcomeSubscriptionProps,
} from '../../lib/constructs/index.ts';
import { readServiceOutput } from '../../lib/core/config/service-outputs.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { ENTRY, emptyApp, readable, resource, resources, serviceIn } from './service-in-app.ts';

type Selection = Omit<OutcomeSubscriptionProps, 'service'>;

/** A service, and a subscription of a team in another stack. */
function subscribed(
  selection: Selection | ((stack: Stack) => Selection) = {},
  more: Partial<AsyncServiceProps> = {},
) {
  const app = emptyApp();
  const { service } = serviceIn(new Stack(app, 'Stack'), { output: { fanOut: true }, ...more });
  const team = new Stack(app, 'Team');
  const props = typeof selection === 'function' ? selection(team) : selection;
  const subscription = new OutcomeSubscription(team, 'Sub', { service, ...props });
  return { app, service, subscription, team, template: () => Template.fromStack(team) };
}

const SUBSCRIPTION = 'AWS::SNS::Subscription';

describe('a subscription in another stack than its service', () => {
  const { template, team, subscription } = subscribed({ topics: ['images.*'], statuses: ['failed'] });
  const id = (type: string, prefix = '') => resource(template(), type, prefix).id;

  it('delivers what it selects to a queue of its own', () => {
    const { properties } = resource(template(), SUBSCRIPTION);
    expect(readable(properties)).toMatchObject({
      TopicArn: { 'Fn::GetStackOutput': { StackName: 'Stack' } },
      Protocol: 'sqs',
      Endpoint: `<${id('AWS::SQS::Queue', 'SubReceivedQueue')}.Arn>`,
      RawMessageDelivery: true,
      FilterPolicy: { Topic: [{ prefix: 'images.' }], Status: ['failed'] },
      RedrivePolicy: { deadLetterTargetArn: `<${id('AWS::SQS::Queue', 'SubReceivedDeadLetters')}.Arn>` },
    });
  });

  it('has an alarm on its dead letters', () => {
    const { properties } = resource(template(), 'AWS::CloudWatch::Alarm');
    expect(readable(properties.Dimensions)).toEqual([
      { Name: 'QueueName', Value: `<${id('AWS::SQS::Queue', 'SubReceivedDeadLetters')}.QueueName>` },
    ]);
    expect(properties.AlarmDescription).toContain('Stack/Service did not reach the consumers of Team/Sub');
    expect(subscription.alarm.node.path).toBe('Team/Sub/DeadLetters');
  });

  it('is named by the outputs of its stack', () => {
    const outputs = Object.values<{ Description?: string }>(template().toJSON().Outputs);
    expect(outputs.map(({ Description = '' }) => readServiceOutput(Description))).toEqual([
      { service: 'Sub', name: 'SubscriptionQueueUrl' },
      { service: 'Sub', name: 'SubscriptionDeadLetterQueueUrl' },
    ]);
  });

  nagIt('has no findings', () => {
    expect(nagFindingsIn(team)).toEqual([]);
  });
});

it.each<[Selection, unknown]>([
  [{}, undefined],
  [{ topics: ['*'] }, undefined],
  [{ topics: ['images.*', '*'] }, undefined],
  [{ topics: ['reports'] }, { Topic: ['reports'] }],
  [{ topics: ['reports', 'images.*'] }, { Topic: ['reports', { prefix: 'images.' }] }],
  [{ tenants: ['acme', 'globex'] }, { Tenant: ['acme', 'globex'] }],
  [
    { topics: ['a'], statuses: ['failed', 'expired'], tenants: ['acme'] },
    { Topic: ['a'], Status: ['failed', 'expired'], Tenant: ['acme'] },
  ],
])('%j is the filter policy %j', (selection, policy) => {
  expect(resource(subscribed(selection).template(), SUBSCRIPTION).properties.FilterPolicy).toEqual(policy);
});

it('delivers in order to a FIFO queue', () => {
  const { template } = subscribed({}, { order: 'fifo' });
  for (const prefix of ['SubReceivedQueue', 'SubReceivedDeadLetters'])
    expect(resource(template(), 'AWS::SQS::Queue', prefix).properties).toMatchObject({ FifoQueue: true });
});

describe('its queue', () => {
  it('has the options of an output queue', () => {
    const target = {
      retention: Duration.days(1),
      visibilityTimeout: Duration.minutes(5),
      maxReceiveCount: 9,
    };
    const { template } = subscribed({ target });
    expect(resource(template(), 'AWS::SQS::Queue', 'SubReceivedQueue').properties).toMatchObject({
      MessageRetentionPeriod: 86_400,
      VisibilityTimeout: 300,
      RedrivePolicy: { maxReceiveCount: 9 },
    });
  });

  it('is encrypted with the key of the service', () => {
    const app = emptyApp();
    const stack = new Stack(app, 'Stack');
    const encryptionKey = new Key(stack, 'Key');
    const { service } = serviceIn(stack, { encryptionKey, output: { fanOut: true } });
    const team = new Stack(app, 'Team');
    new OutcomeSubscription(team, 'Sub', { service });
    for (const { properties } of resources(Template.fromStack(team)).filter(
      ({ type }) => type === 'AWS::SQS::Queue',
    ))
      expect(properties.KmsMasterKeyId).toMatchObject({ 'Fn::GetStackOutput': { StackName: 'Stack' } });
  });

  it('is encrypted with a key of the team, which lets SNS use it', () => {
    const { template } = subscribed((team) => ({ encryptionKey: new Key(team, 'Key') }));
    const { KeyPolicy } = resource(template(), 'AWS::KMS::Key').properties;
    expect(JSON.stringify(KeyPolicy)).toContain('AllowSnsDeliveries');
    expect(readable(resource(template(), 'AWS::SQS::Queue', 'SubReceivedQueue').properties)).toMatchObject({
      KmsMasterKeyId: `<${resource(template(), 'AWS::KMS::Key').id}.Arn>`,
    });
  });

  it('can be consumed, with the results that its outcomes refer to', () => {
    const { subscription, team, template } = subscribed();
    subscription.grantConsume(
      new Role(team, 'Consumer', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }),
    );
    const { PolicyDocument } = resource(template(), 'AWS::IAM::Policy', 'Consumer').properties;
    expect(PolicyDocument.Statement.map(({ Action }: { Action: unknown }) => Action)).toEqual([
      [
        'sqs:ChangeMessageVisibility',
        'sqs:DeleteMessage',
        'sqs:GetQueueAttributes',
        'sqs:GetQueueUrl',
        'sqs:ReceiveMessage',
      ],
      ['s3:GetObject', 's3:GetObjectVersion'],
      ['s3:DeleteObject', 's3:GetObject'],
    ]);
  });
});

describe('a function', () => {
  const functionIn = (team: Stack, timeout?: Duration) =>
    new LambdaFunction(team, 'Fn', {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => {}'),
      timeout,
    });

  it('is invoked with batches of a queue that hides them for six timeouts', () => {
    const { template } = subscribed((team) => ({ target: functionIn(team, Duration.seconds(20)) }));
    expect(readable(resource(template(), 'AWS::Lambda::EventSourceMapping').properties)).toEqual({
      BatchSize: 10,
      EventSourceArn: `<${resource(template(), 'AWS::SQS::Queue', 'SubReceivedQueue').id}.Arn>`,
      FunctionName: `<${resource(template(), 'AWS::Lambda::Function').id}>`,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    expect(resource(template(), 'AWS::SQS::Queue', 'SubReceivedQueue').properties.VisibilityTimeout).toBe(
      120,
    );
    const { PolicyDocument } = resource(template(), 'AWS::IAM::Policy', 'Fn').properties;
    expect(JSON.stringify(PolicyDocument)).toContain('sqs:ReceiveMessage');
    expect(JSON.stringify(PolicyDocument)).toContain('s3:GetObjectVersion');
  });

  it('of another app may have the longest timeout', () => {
    const arn = 'arn:aws:lambda:us-east-1:123456789012:function:notify';
    const { template } = subscribed((team) => ({
      target: LambdaFunction.fromFunctionAttributes(team, 'Fn', {
        functionArn: arn,
        role: Role.fromRoleArn(team, 'Role', 'arn:aws:iam::123456789012:role/notify'),
      }),
    }));
    expect(resource(template(), 'AWS::SQS::Queue', 'SubReceivedQueue').properties.VisibilityTimeout).toBe(
      900,
    );
  });
});

describe('an existing queue', () => {
  it('receives the outcomes, and a new one what SNS can not deliver', () => {
    const { template } = subscribed((team) => ({ target: new Queue(team, 'Own') }));
    const undelivered = resource(template(), 'AWS::SQS::Queue', 'SubUndelivered').id;
    expect(readable(resource(template(), SUBSCRIPTION).properties)).toMatchObject({
      Endpoint: `<${resource(template(), 'AWS::SQS::Queue', 'Own').id}.Arn>`,
      RedrivePolicy: { deadLetterTargetArn: `<${undelivered}.Arn>` },
    });
    expect(readable(resource(template(), 'AWS::CloudWatch::Alarm').properties.Dimensions)).toEqual([
      { Name: 'QueueName', Value: `<${undelivered}.QueueName>` },
    ]);
  });

  it('of another app must let the topic send, as a warning says', () => {
    const { team } = subscribed((stack) => ({
      target: Queue.fromQueueArn(stack, 'Own', 'arn:aws:sqs:us-east-1:123456789012:own'),
    }));
    const warnings = Annotations.fromStack(team).findWarning('*', Match.stringLikeRegexp('subscribedQueue'));
    expect(String(warnings[0]?.entry.data)).toContain("target isn't part of this app");
  });

  it('can be the input queue of another service, but not of the service itself', () => {
    const app = emptyApp();
    const stack = new Stack(app, 'Stack');
    const { service } = serviceIn(stack, { output: { fanOut: true } });
    const next = new AsyncService(stack, 'Next', { entry: ENTRY, output: { fanOut: true } });
    new OutcomeSubscription(stack, 'Forth', { service, target: next.inputQueue, topics: ['a'] });
    expect(() => app.synth()).not.toThrow();
    new OutcomeSubscription(stack, 'Back', {
      service: next,
      target: service.inputQueue,
      statuses: ['failed'],
    });
    expect(() => app.synth({ force: true })).toThrow(
      'output.queue and the targets of subscriptions must not lead back to the input queue, got Stack/Service → Stack/Next → Stack/Service',
    );
  });

  it('has one subscription to a topic', () => {
    const { app, service, team } = subscribed();
    const target = new Queue(team, 'Own');
    new OutcomeSubscription(team, 'One', { service, target, topics: ['a'] });
    new OutcomeSubscription(team, 'Other', { service, target, topics: ['b'] });
    expect(() => app.synth()).toThrow(
      'Team/Own can have one subscription to a topic, got Team/One/Subscription and Team/Other/Subscription: use one, or two queues',
    );
  });
});

it('notifies a topic of the team', () => {
  const { template } = subscribed((team) => ({ alarmTopic: new Topic(team, 'Alarms') }));
  expect(readable(resource(template(), 'AWS::CloudWatch::Alarm').properties.AlarmActions)).toEqual([
    `<${resource(template(), 'AWS::SNS::Topic').id}>`,
  ]);
});

describe('is refused', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);

  it.each<[string, Selection | ((stack: Stack) => Selection), string, Partial<AsyncServiceProps>?]>([
    ['a bad pattern', { topics: ['images*'] }, 'topics[0] must be a topic (1 to 128 characters'],
    [
      'no topic',
      { topics: [] },
      'topics must have at least one pattern, got none: leave it out for all topics',
    ],
    [
      'an unknown status',
      // A program in JavaScript can give any.
      JSON.parse('{ "statuses": ["failed", "done"] }'),
      'statuses must be one or more of succeeded, failed, cancelled, expired, got ["failed","done"]',
    ],
    [
      'no status',
      { statuses: [] },
      'statuses must be one or more of succeeded, failed, cancelled, expired, got []',
    ],
    [
      'no tenant',
      { tenants: [] },
      'tenants must have at least one tenant, got none: leave it out for all tenants',
    ],
    ['a bad tenant', { tenants: ['acme', ''] }, 'tenants[1]: a tenant has 1 to 256 characters, got 0'],
    [
      'more than SNS can filter by',
      { topics: names(10), statuses: ['failed', 'expired'], tenants: names(8) },
      "topics × statuses × tenants must be at most 150, which is SNS's limit, got 10 × 2 × 8 = 160",
    ],
    [
      'a service without a topic',
      {},
      'service must have output: { fanOut: true }, got Stack/Service without it',
      { output: {} },
    ],
    [
      'a standard queue of a service with order',
      (stack) => ({ target: new Queue(stack, 'Own') }),
      "target must be a FIFO queue, since the service has order: 'fifo', got the standard queue Team/Own",
      { order: 'fifo' },
    ],
    [
      'a FIFO queue of a service without order',
      (stack) => ({ target: new Queue(stack, 'Own', { fifo: true }) }),
      'target must be a standard queue, since the service has no order, got the FIFO queue Team/Own',
    ],
    [
      'a queue with a key that SNS can not use',
      (stack) => ({ target: new Queue(stack, 'Own', { encryption: QueueEncryption.KMS_MANAGED }) }),
      'target must not be encrypted with the key alias/aws/sqs',
    ],
    [
      'a function whose role is unknown',
      (stack) => ({
        target: LambdaFunction.fromFunctionArn(
          stack,
          'Fn',
          'arn:aws:lambda:us-east-1:123456789012:function:f',
        ),
      }),
      'target must be a function with a known role, got the imported function Team/Fn',
    ],
    [
      'a retention out of range',
      { target: { retention: Duration.seconds(59) } },
      'target.retention must be a whole number of seconds from 60 to 1209599, got 59',
    ],
    [
      'outcomes that outlive their results',
      { target: { retention: Duration.days(10) } },
      'target.retention must be at most 604800 seconds (the payloads.lifecycle.results of the service), got 864000',
      { payloads: { lifecycle: { results: Duration.days(7) } } },
    ],
  ])('%s', (_, selection, problem, more) => {
    expect(() => subscribed(selection, more)).toThrow(problem);
  });

  it('a queue in another region', () => {
    const app = emptyApp();
    const env = { account: '123456789012', region: 'us-east-1' };
    const { service } = serviceIn(new Stack(app, 'Stack', { env }), { output: { fanOut: true } });
    const team = new Stack(app, 'Team', { env });
    const target = Queue.fromQueueArn(team, 'Own', 'arn:aws:sqs:eu-west-1:123456789012:own');
    expect(() => new OutcomeSubscription(team, 'Sub', { service, target })).toThrow(
      'target must be in the region of the service, us-east-1, got one in eu-west-1',
    );
  });

  it.each([
    ['account', '210987654321'],
    ['region', 'eu-west-1'],
  ] as const)('a stack in another %s', (part, other) => {
    const app = emptyApp();
    const env = { account: '123456789012', region: 'us-east-1' };
    const { service } = serviceIn(new Stack(app, 'Stack', { env }), { output: { fanOut: true } });
    const team = new Stack(app, 'Team', { env: { ...env, [part]: other }, crossRegionReferences: true });
    expect(() => new OutcomeSubscription(team, 'Sub', { service })).toThrow(
      `The subscription must be in the ${part} of the service, ${env[part]}, got one in ${other}`,
    );
  });

  it('at synthesis, a topic that no processor of the service is for', () => {
    const { app } = subscribed({ topics: ['images.*', 'reports'] }, { topics: ['images.thumbnail'] });
    expect(() => app.synth()).toThrow(
      'topics[1] must match a topic that Stack/Service is for (images.thumbnail), got reports: it would receive nothing',
    );
  });
});
