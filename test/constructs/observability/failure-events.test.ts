import { CfnParameter, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { expect, it } from 'vitest';
import type { AsyncServiceProps } from '../../../lib/constructs/index.ts';
import { emptyApp, readable, resource, resources, serviceIn } from '../service-in-app.ts';

/** The permissions for EventBridge and the event bus of a processor. */
function eventsOf(stack: Stack, props: Partial<AsyncServiceProps>) {
  const template = serviceIn(stack, props).template();
  const { Statement } = resource(template, 'AWS::IAM::Policy', 'ServiceProcessorRole').properties
    .PolicyDocument;
  const statements = readable(Statement) as { Action: string | string[]; Resource: unknown }[];
  const { Variables } = resource(template, 'AWS::Lambda::Function', 'ServiceProcessor').properties
    .Environment;
  return {
    template,
    allowed: statements.filter(({ Action }) => String(Action).includes('events:')),
    busArn: (readable(Variables) as Record<string, string>).COATCHECK_EVENT_BUS_ARN,
  };
}

it('are off by default, without any permission', () => {
  const { template, allowed, busArn } = eventsOf(new Stack(emptyApp(), 'Stack'), {});
  expect({ allowed, busArn }).toEqual({ allowed: [], busArn: undefined });
  expect(resources(template).filter(({ type }) => type.startsWith('AWS::Events'))).toEqual([]);
});

it('go to the default bus, with permission for that bus only', () => {
  const { template, allowed, busArn } = eventsOf(new Stack(emptyApp(), 'Stack'), {
    observability: { failureEvents: {} },
  });
  const arn = 'arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus/default';
  expect(allowed).toEqual([{ Effect: 'Allow', Action: 'events:PutEvents', Resource: arn }]);
  expect(busArn).toBe(arn);
  expect(resources(template).filter(({ type }) => type.startsWith('AWS::Events'))).toEqual([]);
});

it('go to an existing bus', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { allowed, busArn } = eventsOf(stack, {
    observability: { failureEvents: { bus: new EventBus(stack, 'Own') } },
  });
  expect(busArn).toMatch(/^<Own.*\.Arn>$/);
  expect(allowed).toMatchObject([{ Resource: busArn }]);
});

it('go to a topic by a rule for this service, with a role that can publish', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const bus = new EventBus(stack, 'Own');
  const topic = new Topic(stack, 'Topic');
  const { template } = eventsOf(stack, {
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

it('E16: only rules of this account can assume the role', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { template } = eventsOf(stack, {
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

it('E10: the role can use the key of an encrypted topic', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const topic = new Topic(stack, 'Topic', { masterKey: new Key(stack, 'Key') });
  const { template } = eventsOf(stack, { observability: { failureEvents: { topic } } });
  const { Statement } = resource(template, 'AWS::IAM::Policy', 'ServiceFailureEvents').properties
    .PolicyDocument;
  expect(Statement).toContainEqual(
    expect.objectContaining({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'] }),
  );
});

it('add no topic policy: it would allow EventBridge rules of every account', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { template } = eventsOf(stack, {
    observability: { failureEvents: { topic: new Topic(stack, 'Topic') } },
  });
  expect(resources(template).filter(({ type }) => type === 'AWS::SNS::TopicPolicy')).toEqual([]);
});

it('need a service name that is known before deployment, if there is a topic', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const topic = new Topic(stack, 'Topic');
  const serviceName = new CfnParameter(stack, 'Name').valueAsString;
  expect(() => serviceIn(stack, { observability: { failureEvents: { topic } }, serviceName })).toThrow(
    'serviceName must be known before deployment if observability.failureEvents.topic is set',
  );
});
