import { Duration, Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterEach, expect, it, vi } from 'vitest';
import { emptyApp, readable, resource, resources, serviceIn, serviceInApp } from '../service-in-app.ts';

afterEach(() => vi.unstubAllEnvs());

const ALARM = 'AWS::CloudWatch::Alarm';

it.each([
  ['ServiceAlarmsDeadLetters', 'ServiceInputDeadLetters'],
  ['ServiceAlarmsOutputDeadLetters', 'ServiceOutputDeadLetters'],
  ['ServiceAlarmsPauseDeadLetters', 'ServicePausesDeadLetters'],
])('%s fires on a single message', (alarm, queue) => {
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

it('describes what to do about dead letters', () => {
  const { properties } = resource(serviceInApp().template(), ALARM, 'ServiceAlarmsDeadLetters');
  expect(properties.AlarmDescription).toContain('npx coatcheck dead-letters list');
});

it.each([
  [undefined, 3_600, '1 hour'],
  [Duration.minutes(2), 120, '2 minutes'],
])('fires on a waiting request, with %s after %i seconds', (oldestRequestAlarm, seconds, text) => {
  const template = serviceInApp({ observability: { oldestRequestAlarm } }).template();
  const queue = resource(template, 'AWS::SQS::Queue', 'ServiceInputQueue');
  const { properties } = resource(template, ALARM, 'ServiceAlarmsOldestRequest');
  expect(readable(properties)).toMatchObject({
    MetricName: 'ApproximateAgeOfOldestMessage',
    Dimensions: [{ Name: 'QueueName', Value: `<${queue.id}.QueueName>` }],
    Threshold: seconds,
    TreatMissingData: 'notBreaching',
  });
  expect(properties.AlarmDescription).toContain(`waiting for ${text} or more`);
});

it('fires on a pause, for the duration of the longest pause', () => {
  const { properties } = resource(serviceInApp().template(), ALARM, 'ServiceAlarmsPaused');
  expect(properties).toMatchObject({
    Namespace: 'Coatcheck',
    MetricName: 'Paused',
    Dimensions: [{ Name: 'service', Value: 'Stack/Service' }],
    Statistic: 'Sum',
    Period: 900,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
  });
});

it('has no alarms on pauses without a circuit breaker', () => {
  const { service } = serviceInApp({ circuitBreaker: { pauseEventSource: false } });
  expect(service.alarms.map(({ node }) => node.id)).not.toContain('Paused');
  expect(service.alarms.map(({ node }) => node.id)).not.toContain('PauseDeadLetters');
});

it('fires on an error of the HTTP API', () => {
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

it('fires when batches are throttled for three minutes', () => {
  const template = serviceInApp().template();
  const { id } = resource(template, 'AWS::Lambda::Function', 'ServiceProcessor');
  expect(readable(resource(template, ALARM, 'ServiceAlarmsThrottles').properties)).toMatchObject({
    Namespace: 'AWS/Lambda',
    MetricName: 'Throttles',
    Dimensions: [{ Name: 'FunctionName', Value: `<${id}>` }],
    Statistic: 'Sum',
    Period: 60,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    EvaluationPeriods: 3,
    DatapointsToAlarm: 3,
    TreatMissingData: 'notBreaching',
  });
});

it('fires on a low success rate for three minutes, with a minimum of requests', () => {
  const { properties } = resource(serviceInApp().template(), ALARM, 'ServiceAlarmsSuccessRate');
  expect(properties).toMatchObject({
    Threshold: 50,
    ComparisonOperator: 'LessThanThreshold',
    EvaluationPeriods: 3,
    DatapointsToAlarm: 3,
    TreatMissingData: 'notBreaching',
  });
  const [expression, ...metrics] = properties.Metrics;
  expect(expression).toMatchObject({ Expression: expect.stringContaining('succeeded + failed >= 10') });
  expect(metrics).toMatchObject(
    ['Succeeded', 'Failed'].map((MetricName) => ({
      ReturnData: false,
      MetricStat: {
        Metric: {
          Namespace: 'Coatcheck',
          MetricName,
          Dimensions: [{ Name: 'service', Value: 'Stack/Service' }],
        },
        Period: 60,
        Stat: 'Sum',
      },
    })),
  );
});

it('has no alarm on the success rate on an emulator, which would reject it', () => {
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:4566');
  const { service } = serviceInApp();
  expect(service.alarms.map(({ node }) => node.id)).toEqual([
    'DeadLetters',
    'OutputDeadLetters',
    'PauseDeadLetters',
    'Paused',
    'OldestRequest',
    'Throttles',
  ]);
});

it('has no alarms on metrics of the processor when those are off', () => {
  const { service } = serviceInApp({ observability: { metrics: false } });
  const ids = service.alarms.map(({ node }) => node.id);
  expect(ids).not.toContain('SuccessRate');
  expect(ids).not.toContain('Paused');
  expect(ids).toContain('PauseDeadLetters');
});

it('has a description of at most 1,024 characters for every alarm', () => {
  const { template } = serviceInApp({ api: {} });
  const alarms = resources(template()).filter(({ type }) => type === ALARM);
  for (const { properties } of alarms) {
    expect(properties.AlarmDescription).toMatch(/\.$/);
    expect(properties.AlarmDescription.length).toBeLessThanOrEqual(1_024);
  }
});

it('notifies the topic', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { template } = serviceIn(stack, {
    observability: { alarmTopic: new Topic(stack, 'Topic', { enforceSSL: true }) },
  });
  const topic = resource(template(), 'AWS::SNS::Topic').id;
  const alarms = resources(template()).filter(({ type }) => type === ALARM);
  expect(alarms.map(({ properties }) => readable(properties.AlarmActions))).toEqual(
    alarms.map(() => [`<${topic}>`]),
  );
});

it('has no alarm on an existing output queue', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { service } = serviceIn(stack, { output: { queue: new Queue(stack, 'Own') } });
  expect(service.alarms.map(({ node }) => node.id)).toEqual([
    'DeadLetters',
    'PauseDeadLetters',
    'Paused',
    'OldestRequest',
    'Throttles',
    'SuccessRate',
  ]);
});

it('E9: fires on throttled calls of the HTTP API, which are no errors of the function', () => {
  const template = serviceInApp({ api: {} }).template();
  expect(readable(resource(template, ALARM, 'ServiceAlarmsApiThrottles').properties)).toMatchObject({
    Namespace: 'AWS/Lambda',
    MetricName: 'Throttles',
    Dimensions: [
      { Name: 'FunctionName', Value: `<${resource(template, 'AWS::Lambda::Function', 'ServiceApi').id}>` },
    ],
    Statistic: 'Sum',
    Threshold: 1,
    TreatMissingData: 'notBreaching',
  });
});

it('E9: fires on 5xx answers for three minutes', () => {
  const template = serviceInApp({ api: {} }).template();
  expect(readable(resource(template, ALARM, 'ServiceAlarmsApiServerErrors').properties)).toMatchObject({
    Namespace: 'AWS/ApiGateway',
    MetricName: '5xx',
    Dimensions: [{ Name: 'ApiId', Value: `<${resource(template, 'AWS::ApiGatewayV2::Api').id}>` }],
    Statistic: 'Sum',
    EvaluationPeriods: 3,
    DatapointsToAlarm: 3,
  });
});

it('E9: the processor leaves half of the concurrency of an account by default', () => {
  const { ScalingConfig } = resource(
    serviceInApp().template(),
    'AWS::Lambda::EventSourceMapping',
    'ServiceProcessor',
  ).properties;
  expect(ScalingConfig).toEqual({ MaximumConcurrency: 500 });
});

it('E10: CloudWatch can publish to the topic', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const alarmTopic = new Topic(stack, 'Topic', { enforceSSL: true });
  const { template } = serviceIn(stack, { observability: { alarmTopic } });
  const { Statement } = resource(template(), 'AWS::SNS::TopicPolicy').properties.PolicyDocument;
  expect(Statement).toContainEqual(
    expect.objectContaining({ Effect: 'Allow', Principal: { Service: 'cloudwatch.amazonaws.com' } }),
  );
});
