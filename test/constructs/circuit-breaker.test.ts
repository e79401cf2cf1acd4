import { describe, expect, it } from 'vitest';
import type { AsyncServiceProps } from '../../lib/constructs/async-service-props.ts';
import { readBreakerEnvironment } from '../../lib/core/config/breaker-environment.ts';
import { ENTRY, readable, resource, resources, serviceInApp } from './service-in-app.ts';

/** The delay between the last attempts of a message. */
const LAST_WAIT_SECONDS = 600;

const BREAKER = 'ServiceCircuitBreaker';

describe('the circuit breaker', () => {
  const template = serviceInApp().template();
  const queue = resource(template, 'AWS::SQS::Queue', 'ServicePausesQueue');
  const source = resource(template, 'AWS::Lambda::EventSourceMapping', 'ServiceProcessor');
  const { id, properties } = resource(template, 'AWS::Lambda::Function', BREAKER);

  it('has the event source in its environment', () => {
    const { Variables } = properties.Environment;
    expect(readBreakerEnvironment(readable(Variables) as Record<string, string>)).toEqual({
      serviceName: 'Stack/Service',
      pauseQueueUrl: `<${queue.id}>`,
      inputEventSources: [`<${source.id}>`],
      otherEventSources: [],
      requestTable: '',
      metrics: true,
    });
  });

  it('can pause the event source of the processor, and nothing else', () => {
    const logs = resource(template, 'AWS::Logs::LogGroup', BREAKER);
    const policy = resource(template, 'AWS::IAM::Policy', `${BREAKER}Role`);
    expect(readable(policy.properties.PolicyDocument.Statement)).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: `<${logs.id}.Arn>`,
      },
      {
        Effect: 'Allow',
        Action: [
          'sqs:ChangeMessageVisibility',
          'sqs:DeleteMessage',
          'sqs:GetQueueAttributes',
          'sqs:ReceiveMessage',
          'sqs:SendMessage',
        ],
        Resource: `<${queue.id}.Arn>`,
      },
      {
        Effect: 'Allow',
        Action: [
          'lambda:GetEventSourceMapping',
          'lambda:ListTags',
          'lambda:TagResource',
          'lambda:UntagResource',
          'lambda:UpdateEventSourceMapping',
        ],
        Resource: expect.stringMatching(new RegExp(`:lambda:.*:event-source-mapping:<${source.id}>$`)),
      },
    ]);
  });

  it('receives messages with partial batch responses, and again for more than a day', () => {
    const mapping = resource(template, 'AWS::Lambda::EventSourceMapping', BREAKER);
    expect(readable(mapping.properties)).toMatchObject({
      EventSourceArn: `<${queue.id}.Arn>`,
      FunctionName: `<${id}>`,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    const { VisibilityTimeout, RedrivePolicy, MessageRetentionPeriod } = queue.properties;
    expect(VisibilityTimeout).toBeGreaterThanOrEqual(properties.Timeout);
    const seconds = LAST_WAIT_SECONDS * RedrivePolicy.maxReceiveCount;
    expect(seconds).toBeGreaterThan(86_400);
    expect(seconds).toBeLessThan(MessageRetentionPeriod);
  });
});

it('is optional', () => {
  const template = serviceInApp({ circuitBreaker: { pauseEventSource: false } }).template();
  const ids = resources(template).map(({ id }) => id);
  expect(ids.filter((id) => id.startsWith(BREAKER) || id.startsWith('ServicePauses'))).toEqual([]);
});

it('enables the event source when it is removed during a pause', () => {
  const enabledIn = (props: Partial<AsyncServiceProps>) =>
    resource(serviceInApp(props).template(), 'AWS::Lambda::EventSourceMapping', 'ServiceProcessor').properties
      .Enabled;
  // With a circuit breaker, a deployment must not enable an event source that is paused.
  expect(enabledIn({})).toBeUndefined();
  expect(enabledIn({ circuitBreaker: { pauseEventSource: false } })).toBe(true);
});

describe('with an API', () => {
  const { service, template: templateOf } = serviceInApp({ api: {}, topics: ['images.*'] });
  service.addProcessor('Reports', { entry: ENTRY, topics: ['reports.*'] });
  const template = templateOf();
  const sources = resources(template).filter(({ id, type }) => {
    return type === 'AWS::Lambda::EventSourceMapping' && /^Service(Reports)?Processor/.test(id);
  });
  const names = sources.map(({ id }) => `<${id}>`);

  it('follows the pause of an operator, for the event sources of all processors', () => {
    const { Variables } = resource(template, 'AWS::Lambda::Function', BREAKER).properties.Environment;
    const environment = readBreakerEnvironment(readable(Variables) as Record<string, string>);
    expect([...environment.inputEventSources, ...environment.otherEventSources]).toEqual(names);
    expect(environment.otherEventSources).toHaveLength(1);
    const table = resource(template, 'AWS::DynamoDB::GlobalTable', 'Service');
    expect(environment.requestTable).toBe(`<${table.id}>`);
  });

  it('can read the pause of an operator, and no other item of the table', () => {
    const policy = resource(template, 'AWS::IAM::Policy', `${BREAKER}Role`);
    const statements = readable(policy.properties.PolicyDocument.Statement);
    expect(statements).toContainEqual({
      Effect: 'Allow',
      Action: 'dynamodb:GetItem',
      Resource: expect.stringContaining('.Arn>'),
      Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['load#pause'] } },
    });
  });
});
