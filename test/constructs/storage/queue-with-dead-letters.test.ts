import { Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { QueueWithDeadLetters } from '../../../lib/constructs/storage/queue-with-dead-letters.ts';
import { emptyApp, readable, resource, resources } from '../service-in-app.ts';

const stack = new Stack(emptyApp(), 'Stack');
new QueueWithDeadLetters(stack, 'Input', {
  retention: Duration.days(4),
  visibilityTimeout: Duration.seconds(90),
  maxReceiveCount: 3,
});
const template = Template.fromStack(stack);
const queue = resource(template, 'AWS::SQS::Queue', 'InputQueue');
const deadLetters = resource(template, 'AWS::SQS::Queue', 'InputDeadLetters');

it('applies the retention and moves messages that were received too often', () => {
  expect(readable(queue.properties)).toMatchObject({
    MessageRetentionPeriod: 345_600,
    VisibilityTimeout: 90,
    RedrivePolicy: { deadLetterTargetArn: `<${deadLetters.id}.Arn>`, maxReceiveCount: 3 },
  });
});

it('keeps dead letters for the maximum of SQS', () => {
  expect(deadLetters.properties.MessageRetentionPeriod).toBe(1_209_600);
});

it.each([queue, deadLetters])('encrypts $id and denies plain HTTP', ({ id, properties }) => {
  expect(properties.SqsManagedSseEnabled).toBe(true);
  const policies = resources(template).filter(({ type }) => type === 'AWS::SQS::QueuePolicy');
  const own = policies
    .map((policy) => readable(policy.properties))
    .filter((policy) => JSON.stringify(policy).includes(`"<${id}>"`));
  expect(own).toMatchObject([
    {
      Queues: [`<${id}>`],
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Deny',
            Action: 'sqs:*',
            Principal: { AWS: '*' },
            Resource: `<${id}.Arn>`,
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    },
  ]);
});
