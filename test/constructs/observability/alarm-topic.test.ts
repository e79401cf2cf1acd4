import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Alias, Key } from 'aws-cdk-lib/aws-kms';
import { type CfnTopic, Topic } from 'aws-cdk-lib/aws-sns';
import { expect, test } from 'vitest';
import { allowAlarmsToPublish } from '../../../lib/constructs/observability/alarm-topic.ts';
import { readable, resource, resources } from '../service-in-app.ts';

const ARN = 'arn:aws:sns:eu-central-1:123456789012:alarms';
const KEY_ARN = 'arn:aws:kms:eu-central-1:123456789012:key/1';

const ALLOW_CLOUDWATCH = { Effect: 'Allow', Principal: { Service: 'cloudwatch.amazonaws.com' } };

test('E10: CloudWatch can use the key of an encrypted topic', () => {
  const stack = new Stack();
  allowAlarmsToPublish(stack, new Topic(stack, 'Topic', { masterKey: new Key(stack, 'Key') }));
  const { KeyPolicy } = resource(Template.fromStack(stack), 'AWS::KMS::Key').properties;
  const Action = ['kms:Decrypt', 'kms:GenerateDataKey*'];
  expect(KeyPolicy.Statement).toContainEqual({ ...ALLOW_CLOUDWATCH, Action, Resource: '*' });
});

test('E10: CloudWatch can publish to a topic with its own policy', () => {
  const stack = new Stack();
  allowAlarmsToPublish(stack, new Topic(stack, 'Topic', { enforceSSL: true }));
  const template = Template.fromStack(stack);
  const { PolicyDocument } = resource(template, 'AWS::SNS::TopicPolicy').properties;
  expect(readable(PolicyDocument.Statement)).toContainEqual(
    expect.objectContaining({
      ...ALLOW_CLOUDWATCH,
      Action: 'sns:Publish',
      Resource: `<${resource(template, 'AWS::SNS::Topic').id}>`,
      Condition: { StringEquals: { 'aws:SourceAccount': '<AWS::AccountId>' } },
    }),
  );
});

test('E10: a topic without its own policy keeps the default one, which allows CloudWatch to publish', () => {
  const stack = new Stack();
  allowAlarmsToPublish(stack, new Topic(stack, 'Topic'));
  expect(resources(Template.fromStack(stack)).map(({ type }) => type)).toEqual(['AWS::SNS::Topic']);
  Annotations.fromStack(stack).hasNoInfo('*', Match.anyValue());
});

test('E10: warns that the key policy of an imported topic must allow CloudWatch', () => {
  const stack = new Stack();
  allowAlarmsToPublish(stack, Topic.fromTopicAttributes(stack, 'Topic', { topicArn: ARN, keyArn: KEY_ARN }));
  Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp(`${KEY_ARN}.*must allow kms:Decrypt`));
});

test('E10: points out that an imported topic may be encrypted', () => {
  const stack = new Stack();
  allowAlarmsToPublish(stack, Topic.fromTopicArn(stack, 'Topic', ARN));
  Annotations.fromStack(stack).hasInfo('*', Match.stringLikeRegexp('If it is encrypted'));
});

test.each([
  [
    'as a key',
    (stack: Stack) => {
      const masterKey = Alias.fromAliasName(stack, 'Key', 'alias/aws/sns');
      return new Topic(stack, 'Topic', { masterKey });
    },
  ],
  [
    'by name',
    (stack: Stack) => {
      const topic = new Topic(stack, 'Topic');
      (topic.node.defaultChild as CfnTopic).kmsMasterKeyId = 'alias/aws/sns';
      return topic;
    },
  ],
])('E10: rejects the AWS managed key of SNS, set %s', (_, topicIn) => {
  const stack = new Stack();
  expect(() => allowAlarmsToPublish(stack, topicIn(stack))).toThrow('got alias/aws/sns');
});
