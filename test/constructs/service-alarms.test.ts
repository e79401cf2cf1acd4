import { Duration, Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { expect, it } from 'vitest';
import { emptyApp, readable, resource, resources, serviceIn, serviceInApp } from './service-in-app.ts';

const ALARM = 'AWS::CloudWatch::Alarm';

it.each([
  ['ServiceAlarmsDeadLetters', 'ServiceInputDeadLetters'],
  ['ServiceAlarmsOutputDeadLetters', 'ServiceOutputDeadLetters'],
])('%s: a single message is enough', (alarm, queue) => {
  const template = serviceInApp().template();
  expect(readable(resource(template, ALARM, alarm).properties)).toMatchObject({
    Namespace: 'AWS/SQS',
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Dimensions: [
      { Name: 'QueueName', Value: `<${resource(template, 'AWS::SQS::Queue', queue).id}.QueueName>` },
    ],
    Statistic: 'Maximum',
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
  });
});

it.each([
  [undefined, 3_600],
  [Duration.minutes(2), 120],
])('a request that waits is told of, with %s after %i seconds', (oldestRequestAlarm, seconds) => {
  const template = serviceInApp({ oldestRequestAlarm }).template();
  const queue = resource(template, 'AWS::SQS::Queue', 'ServiceInputQueue');
  const { properties } = resource(template, ALARM, 'ServiceAlarmsOldestRequest');
  expect(readable(properties)).toMatchObject({
    MetricName: 'ApproximateAgeOfOldestMessage',
    Dimensions: [{ Name: 'QueueName', Value: `<${queue.id}.QueueName>` }],
    Threshold: seconds,
    TreatMissingData: 'notBreaching',
  });
  expect(properties.AlarmDescription).toContain(`${seconds} seconds`);
});

it('a call of the HTTP API that broke is told of', () => {
  const template = serviceInApp({ api: {} }).template();
  const { id } = resource(template, 'AWS::Lambda::Function', 'ServiceApi');
  expect(readable(resource(template, ALARM, 'ServiceAlarmsApiErrors').properties)).toMatchObject({
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Dimensions: [{ Name: 'FunctionName', Value: `<${id}>` }],
    Statistic: 'Sum',
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
  });
});

it('tells a topic, where there is one', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { template } = serviceIn(stack, { alarmTopic: new Topic(stack, 'Topic', { enforceSSL: true }) });
  const topic = resource(template(), 'AWS::SNS::Topic').id;
  const alarms = resources(template()).filter(({ type }) => type === ALARM);
  expect(alarms.map(({ properties }) => readable(properties.AlarmActions))).toEqual(
    alarms.map(() => [`<${topic}>`]),
  );
});

it('watches no queue of the user', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { service } = serviceIn(stack, { outputQueue: new Queue(stack, 'Own') });
  expect(service.alarms.map(({ node }) => node.id)).toEqual(['DeadLetters', 'OldestRequest']);
});
