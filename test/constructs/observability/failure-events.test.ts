import { CfnParameter, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { expect, it } from 'vitest';
import type { AsyncServiceProps } from '../../../lib/constructs/index.ts';
import { emptyApp, readable, resource, resources, serviceIn } from '../service-in-app.ts';

/** What a service may put where, and where it is told to. */
function puttingOf(stack: Stack, props: Partial<AsyncServiceProps>) {
  const template = serviceIn(stack, props).template();
  const { Statement } = resource(template, 'AWS::IAM::Policy', 'ServiceProcessorRole').properties
    .PolicyDocument;
  const statements = readable(Statement) as { Action: string | string[]; Resource: unknown }[];
  const { Variables } = resource(template, 'AWS::Lambda::Function', 'ServiceProcessor').properties
    .Environment;
  return {
    template,
    allowed: statements.filter(({ Action }) => String(Action).includes('events:')),
    told: (readable(Variables) as Record<string, string>).COATCHECK_EVENT_BUS_ARN,
  };
}

it('is off: nothing may be put anywhere', () => {
  const { template, allowed, told } = puttingOf(new Stack(emptyApp(), 'Stack'), {});
  expect({ allowed, told }).toEqual({ allowed: [], told: '' });
  expect(resources(template).filter(({ type }) => type.startsWith('AWS::Events'))).toEqual([]);
});

it('true is the default bus, and no other may be put to', () => {
  const { template, allowed, told } = puttingOf(new Stack(emptyApp(), 'Stack'), {
    observability: { failureEvents: {} },
  });
  const arn = 'arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus/default';
  expect(allowed).toEqual([{ Effect: 'Allow', Action: 'events:PutEvents', Resource: arn }]);
  expect(told).toBe(arn);
  expect(resources(template).filter(({ type }) => type.startsWith('AWS::Events'))).toEqual([]);
});

it('a bus of the user is told instead', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { allowed, told } = puttingOf(stack, {
    observability: { failureEvents: { bus: new EventBus(stack, 'Own') } },
  });
  expect(told).toMatch(/^<Own.*\.Arn>$/);
  expect(allowed).toMatchObject([{ Resource: told }]);
});

it('a topic is told by a rule, of this service only, in the name of a role that may do that', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const bus = new EventBus(stack, 'Own');
  const topic = new Topic(stack, 'Topic');
  const { template } = puttingOf(stack, {
    observability: { failureEvents: { bus, topic } },
    serviceName: 'Shop/Orders',
  });
  const topicRef = `<${resource(template, 'AWS::SNS::Topic').id}>`;
  expect(readable(resource(template, 'AWS::Events::Rule').properties)).toMatchObject({
    EventBusName: `<${resource(template, 'AWS::Events::EventBus').id}>`,
    EventPattern: { source: ['coatcheck'], detail: { source: ['/coatcheck/Shop%2FOrders'] } },
    State: 'ENABLED',
    Targets: [
      { Arn: topicRef, RoleArn: `<${resource(template, 'AWS::IAM::Role', 'ServiceFailureEvents').id}.Arn>` },
    ],
  });
  const { Statement } = resource(template, 'AWS::IAM::Policy', 'ServiceFailureEvents').properties
    .PolicyDocument;
  expect(readable(Statement)).toEqual([{ Effect: 'Allow', Action: 'sns:Publish', Resource: topicRef }]);
});

it('E16: the role is for rules of this account only', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { template } = puttingOf(stack, {
    observability: { failureEvents: { topic: new Topic(stack, 'Topic') } },
  });
  const { AssumeRolePolicyDocument } = resource(
    template,
    'AWS::IAM::Role',
    'ServiceFailureEvents',
  ).properties;
  expect(readable(AssumeRolePolicyDocument.Statement)).toEqual([
    {
      Action: 'sts:AssumeRole',
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': '<AWS::AccountId>' } },
    },
  ]);
});

it('E10: the role may use the key of an encrypted topic', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const topic = new Topic(stack, 'Topic', { masterKey: new Key(stack, 'Key') });
  const { template } = puttingOf(stack, { observability: { failureEvents: { topic } } });
  const { Statement } = resource(template, 'AWS::IAM::Policy', 'ServiceFailureEvents').properties
    .PolicyDocument;
  expect(Statement).toContainEqual(
    expect.objectContaining({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'] }),
  );
});

it('a topic lets nobody publish by itself: EventBridge has rules of other accounts, too', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { template } = puttingOf(stack, {
    observability: { failureEvents: { topic: new Topic(stack, 'Topic') } },
  });
  expect(resources(template).filter(({ type }) => type === 'AWS::SNS::TopicPolicy')).toEqual([]);
});

it('a rule can’t look for a name that isn’t known yet', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const topic = new Topic(stack, 'Topic');
  const serviceName = new CfnParameter(stack, 'Name').valueAsString;
  expect(() => serviceIn(stack, { observability: { failureEvents: { topic } }, serviceName })).toThrow(
    'serviceName must be known before deployment if observability.failureEvents.topic is set',
  );
});
