import { Duration, SecretValue, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import {
  ManagedKafkaEventSource,
  SelfManagedKafkaEventSource,
  SqsEventSource,
} from 'aws-cdk-lib/aws-lambda-event-sources';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { NODE_24 } from '../../lib/constructs/functions/node-function.ts';
import { RabbitMqEventSource, type RabbitMqEventSourceProps } from '../../lib/constructs/index.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { emptyApp, readable, resource, resources, serviceIn } from './service-in-app.ts';

const CLUSTER = 'arn:aws:kafka:us-east-1:123456789012:cluster/orders/751d2973-a626-431c-9d4e-d7975eb44dd7-2';
const BROKER = 'arn:aws:mq:us-east-1:123456789012:broker:orders:b-9bcfa592-423a-4942-879d-eb284b418fc8';

function emptyStack(): Stack {
  return new Stack(emptyApp(), 'Stack', { env: { account: '123456789012', region: 'us-east-1' } });
}

function rabbitMq(stack: Stack, props: Partial<RabbitMqEventSourceProps> = {}): RabbitMqEventSource {
  const secretObjectValue = { username: SecretValue.unsafePlainText('u') };
  const credentials = new Secret(stack, 'Login', { secretObjectValue });
  return new RabbitMqEventSource({ brokerArn: BROKER, queueName: 'orders', credentials, ...props });
}

function kafka(): ManagedKafkaEventSource {
  return new ManagedKafkaEventSource({
    clusterArn: CLUSTER,
    topic: 'orders',
    startingPosition: StartingPosition.TRIM_HORIZON,
  });
}

describe('a service with sources', () => {
  const stack = emptyStack();
  const selfManaged = new SelfManagedKafkaEventSource({
    bootstrapServers: ['broker:9092'],
    topic: 'invoices',
    secret: new Secret(stack, 'KafkaLogin'),
    startingPosition: StartingPosition.LATEST,
  });
  const { template } = serviceIn(stack, { queue: { sources: [kafka(), selfManaged, rabbitMq(stack)] } });
  const mappings = () =>
    resources(template())
      .filter(({ type, id }) => type === 'AWS::Lambda::EventSourceMapping' && id.startsWith('ServiceRelay'))
      .map(({ properties }) => readable(properties));

  it('has one function that reads from all of them', () => {
    const { id } = resource(template(), 'AWS::Lambda::Function', 'ServiceRelay');
    expect(mappings()).toEqual([
      expect.objectContaining({ FunctionName: `<${id}>`, EventSourceArn: CLUSTER, Topics: ['orders'] }),
      expect.objectContaining({
        FunctionName: `<${id}>`,
        SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['broker:9092'] } },
        Topics: ['invoices'],
      }),
      {
        FunctionName: `<${id}>`,
        EventSourceArn: BROKER,
        Queues: ['orders'],
        SourceAccessConfigurations: [
          { Type: 'BASIC_AUTH', URI: expect.stringMatching(/^<Login/) },
          { Type: 'VIRTUAL_HOST', URI: '/' },
        ],
      },
    ]);
  });

  it('gives the function the queue and the bucket', () => {
    const { Environment } = resource(template(), 'AWS::Lambda::Function', 'ServiceRelay').properties;
    expect(readable(Environment.Variables)).toEqual({
      COATCHECK_INPUT_QUEUE_URL: `<${resource(template(), 'AWS::SQS::Queue', 'ServiceInputQueue').id}>`,
      COATCHECK_PAYLOAD_BUCKET: `<${resource(template(), 'AWS::S3::Bucket').id}>`,
      COATCHECK_TOPICS: '*',
      POWERTOOLS_SERVICE_NAME: 'Stack/Service',
    });
  });

  it('has an alarm on batches that are not relayed', () => {
    const { properties } = resource(template(), 'AWS::CloudWatch::Alarm', 'ServiceAlarmsRelayErrors');
    expect(properties).toMatchObject({ Namespace: 'AWS/Lambda', MetricName: 'Errors', Threshold: 1 });
  });

  it('lets the role of the function read the login and describe the broker', () => {
    const statements = resources(template())
      .filter(({ id, type }) => type === 'AWS::IAM::Policy' && id.startsWith('ServiceRelayRole'))
      .flatMap(({ properties }) => properties.PolicyDocument.Statement);
    expect(readable(statements)).toEqual(
      expect.arrayContaining([
        { Effect: 'Allow', Action: 'mq:DescribeBroker', Resource: BROKER },
        {
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: expect.stringMatching(/^<Login/),
        },
      ]),
    );
  });

  nagIt('has no findings of cdk-nag', () => {
    // The secrets of this test have no rotation.
    expect(nagFindingsIn(stack)).toEqual(['AwsSolutions-SMG4']);
  });
});

it('queues of the same name in two brokers are two sources', () => {
  const stack = emptyStack();
  const credentials = new Secret(stack, 'Login');
  const sources = [BROKER, BROKER.replace('orders', 'invoices')].map(
    (brokerArn) => new RabbitMqEventSource({ brokerArn, queueName: 'queue', credentials }),
  );
  const { template } = serviceIn(stack, { queue: { sources } });
  const mappings = resources(template()).filter(
    ({ type, properties }) => type === 'AWS::Lambda::EventSourceMapping' && properties.Queues,
  );
  expect(mappings).toHaveLength(2);
});

it('without sources there is no relay', () => {
  const { template } = serviceIn(emptyStack());
  expect(resources(template()).filter(({ id }) => id.includes('Relay'))).toEqual([]);
});

it('other event sources are rejected, and the error says how to take a queue of SQS', () => {
  const stack = emptyStack();
  const source = new SqsEventSource(new Queue(stack, 'Queue'));
  expect(() => serviceIn(stack, { queue: { sources: [kafka(), source] } })).toThrow(
    'queue.sources[1] must be a ManagedKafkaEventSource, SelfManagedKafkaEventSource or RabbitMqEventSource, got SqsEventSource: ' +
      'to take messages from a queue of SQS, use queue.queue',
  );
});

it('a source of RabbitMQ is rejected by other functions, whose code does not know its events', () => {
  const stack = emptyStack();
  const other = new LambdaFunction(stack, 'Other', {
    runtime: NODE_24,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => {};'),
  });
  expect(() => other.addEventSource(rabbitMq(stack))).toThrow(
    'A RabbitMqEventSource must be one of queue.sources of an AsyncService, got the function Stack/Other',
  );
});

it('every invalid prop of a source of RabbitMQ is reported', () => {
  const invalid = {
    queueName: '',
    virtualHost: '',
    batchSize: 10_001,
    maxBatchingWindow: Duration.minutes(6),
  };
  expect(() => rabbitMq(emptyStack(), invalid)).toThrow(
    [
      'The props of RabbitMqEventSource are invalid:',
      'queueName must be the name of a queue, got nothing',
      "virtualHost must be the name of a virtual host such as '/', got nothing",
      'batchSize must be a whole number from 1 to 10000, got 10001',
      'maxBatchingWindow must be at most 5 minutes, got 6 minutes',
    ].join('\n  - '),
  );
});
