import { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { serviceOnFargate } from './fargate/service-on-fargate.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { ENTRY, emptyApp, readable, resource, resources, serviceIn, serviceInApp } from './service-in-app.ts';

const SUBSCRIPTION = 'AWS::SNS::Subscription';

describe('a service whose outcomes fan out', () => {
  const { template, stack } = serviceInApp({ output: { fanOut: true } });
  const id = (type: string, prefix = '') => resource(template(), type, prefix).id;
  const topic = () => `<${id('AWS::SNS::Topic')}>`;

  it('publishes to a topic, and sends nothing to the output queue', () => {
    const { Environment } = resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').properties;
    expect(readable(Environment.Variables)).toMatchObject({
      COATCHECK_OUTPUT_TOPIC_ARN: topic(),
      COATCHECK_OUTPUT_QUEUE_URL: 'none',
    });
    const { PolicyDocument } = resource(
      template(),
      'AWS::IAM::Policy',
      'ServiceProcessorRoleDefault',
    ).properties;
    const allowed = JSON.stringify(readable(PolicyDocument));
    expect(allowed).toContain(`{"Action":"sns:Publish","Effect":"Allow","Resource":"${topic()}"}`);
    expect(allowed).not.toContain(id('AWS::SQS::Queue', 'ServiceOutputQueue'));
  });

  it('delivers all outcomes to the output queue as they were published, before the processor publishes', () => {
    const subscription = resource(template(), SUBSCRIPTION);
    expect(readable(subscription.properties)).toEqual({
      TopicArn: topic(),
      Protocol: 'sqs',
      Endpoint: `<${id('AWS::SQS::Queue', 'ServiceOutputQueue')}.Arn>`,
      RawMessageDelivery: true,
      RedrivePolicy: {
        deadLetterTargetArn: `<${id('AWS::SQS::Queue', 'ServiceOutputDeadLetters')}.Arn>`,
      },
    });
    expect(subscription.dependsOn).toContain(id('AWS::SQS::QueuePolicy', 'ServiceOutputQueue'));
    const { dependsOn } = resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor');
    expect(dependsOn).toContain(subscription.id);
  });

  it.each(['ServiceOutputQueue', 'ServiceOutputDeadLetters'])('lets only the topic send to %s', (prefix) => {
    const { PolicyDocument } = resource(template(), 'AWS::SQS::QueuePolicy', prefix).properties;
    expect(readable(PolicyDocument.Statement)).toContainEqual({
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: `<${id('AWS::SQS::Queue', prefix)}.Arn>`,
      Condition: { ArnEquals: { 'aws:SourceArn': topic() } },
    });
  });

  it('has an alarm on outcomes that SNS could not deliver', () => {
    const alarm = resource(template(), 'AWS::CloudWatch::Alarm', 'ServiceAlarmsUndelivered');
    expect(readable(alarm.properties)).toMatchObject({
      Namespace: 'AWS/SNS',
      MetricName: 'NumberOfNotificationsFailed',
      Dimensions: [{ Name: 'TopicName', Value: `<${id('AWS::SNS::Topic')}.TopicName>` }],
      Statistic: 'Sum',
      Threshold: 1,
    });
  });

  nagIt('has no findings', () => {
    expect(nagFindingsIn(stack)).toEqual([]);
  });
});

it('has no topic unless it is asked to', () => {
  const { template, service } = serviceInApp();
  expect(resources(template()).filter(({ type }) => type.startsWith('AWS::SNS'))).toEqual([]);
  expect(service.outcomes).toBeUndefined();
});

it('keeps order by a FIFO topic, whose throughput is that of each group', () => {
  const { template } = serviceInApp({ order: 'fifo', output: { fanOut: true } });
  expect(resource(template(), 'AWS::SNS::Topic').properties).toMatchObject({
    FifoTopic: true,
    FifoThroughputScope: 'MessageGroup',
    TopicName: expect.stringMatching(/\.fifo$/),
  });
});

it('lets a worker on Fargate publish', () => {
  const { template } = serviceOnFargate({}, { output: { fanOut: true } });
  const topic = `<${resource(template(), 'AWS::SNS::Topic').id}>`;
  const { ContainerDefinitions } = resource(template(), 'AWS::ECS::TaskDefinition').properties;
  expect(readable(ContainerDefinitions[0].Environment)).toContainEqual({
    Name: 'COATCHECK_OUTPUT_TOPIC_ARN',
    Value: topic,
  });
  const { PolicyDocument } = resource(
    template(),
    'AWS::IAM::Policy',
    'ServiceProcessorRoleDefault',
  ).properties;
  expect(readable(PolicyDocument.Statement)).toContainEqual({
    Effect: 'Allow',
    Action: 'sns:Publish',
    Resource: topic,
  });
  const { dependsOn } = resource(template(), 'AWS::ECS::Service');
  expect(dependsOn).toContain(resource(template(), SUBSCRIPTION).id);
});

it('uses the key of the service', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { template } = serviceIn(stack, {
    encryptionKey: new Key(stack, 'Key'),
    output: { fanOut: true },
  });
  const key = `<${resource(template(), 'AWS::KMS::Key').id}.Arn>`;
  expect(readable(resource(template(), 'AWS::SNS::Topic').properties)).toMatchObject({ KmsMasterKeyId: key });
  const { KeyPolicy } = resource(template(), 'AWS::KMS::Key').properties;
  expect(readable(KeyPolicy.Statement)).toContainEqual({
    Sid: 'AllowSnsDeliveries',
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: '*',
    Condition: {
      ArnLike: { 'aws:SourceArn': 'arn:<AWS::Partition>:sns:<AWS::Region>:<AWS::AccountId>:*' },
    },
  });
  const { PolicyDocument } = resource(
    template(),
    'AWS::IAM::Policy',
    'ServiceProcessorRoleDefault',
  ).properties;
  expect(readable(PolicyDocument.Statement)).toContainEqual({
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: key,
    Condition: { StringEquals: { 'kms:ViaService': 'sns.<AWS::Region>.amazonaws.com' } },
  });
});

describe('an existing output queue', () => {
  it('gets a queue for what SNS can not deliver to it', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const queue = new Queue(stack, 'Own');
    const { template } = serviceIn(stack, { output: { queue, fanOut: true } });
    const undelivered = resource(template(), 'AWS::SQS::Queue', 'ServiceOutcomesUndelivered');
    expect(undelivered.properties).toMatchObject({ MessageRetentionPeriod: 1_209_600 });
    expect(readable(resource(template(), SUBSCRIPTION).properties)).toMatchObject({
      Endpoint: `<${resource(template(), 'AWS::SQS::Queue', 'Own').id}.Arn>`,
      RedrivePolicy: { deadLetterTargetArn: `<${undelivered.id}.Arn>` },
    });
  });

  it('of another app must let the topic send, as a warning says', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const queue = Queue.fromQueueArn(stack, 'Own', 'arn:aws:sqs:us-east-1:123456789012:own');
    serviceIn(stack, { output: { queue, fanOut: true } });
    const warnings = Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('subscribedQueue'));
    expect(String(warnings[0]?.entry.data)).toContain("output.queue isn't part of this app");
    expect(String(warnings[0]?.entry.data)).toContain('sqs:SendMessage');
  });

  it.each([
    [
      { encryption: QueueEncryption.KMS_MANAGED },
      'output.queue must not be encrypted with the key alias/aws/sqs',
    ],
    [{ maxMessageSizeBytes: 65_536 }, 'output.queue must accept messages of 262144 bytes, got 65536'],
  ])('with %j is refused', (props, problem) => {
    const stack = new Stack(emptyApp(), 'Stack');
    const queue = new Queue(stack, 'Own', props);
    expect(() => serviceIn(stack, { output: { queue, fanOut: true } })).toThrow(problem);
    expect(() => serviceIn(new Stack(emptyApp(), 'Stack'), { output: {} })).not.toThrow();
  });
});

describe('a processor behind the service', () => {
  const behind = (output?: { readonly fanOut: boolean }) => {
    const { service, template } = serviceInApp({ topics: ['images.*'], output: { fanOut: true } });
    const added = service.addProcessor('Reports', { entry: ENTRY, topics: ['reports.*'], output });
    return { service, added, template };
  };

  it('publishes to the topic that it shares', () => {
    const { service, added, template } = behind();
    const topic = `<${resource(template(), 'AWS::SNS::Topic').id}>`;
    const { Environment } = resource(
      template(),
      'AWS::Lambda::Function',
      'ServiceReportsProcessor',
    ).properties;
    expect(readable(Environment.Variables)).toMatchObject({
      COATCHECK_OUTPUT_TOPIC_ARN: topic,
      COATCHECK_OUTPUT_QUEUE_URL: 'none',
    });
    expect(resources(template()).filter(({ type }) => type === SUBSCRIPTION)).toHaveLength(1);
    expect([service.topics, added.topics]).toEqual(Array(2).fill(['images.*', 'reports.*']));
  });

  it('has a topic of its own with an output of its own', () => {
    const { service, added } = behind({ fanOut: true });
    expect(added.outcomes).toBeDefined();
    expect(added.outcomes).not.toBe(service.outcomes);
  });
});
