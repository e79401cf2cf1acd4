import { Duration, Size, Stack } from 'aws-cdk-lib';
import { AttributeType, StreamViewType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { ManagedKafkaEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  ApiAuth,
  Outbox,
  OutcomeSubscription,
  RabbitMqEventSource,
  Tracing,
} from '../../lib/constructs/index.ts';
import { installPythonTool } from '../../lib/local/python-tool.ts';
import { findingsIn, INSTALL_TIMEOUT_MILLISECONDS } from '../support/cfn-lint.ts';
import { serviceOnFargate } from './fargate/service-on-fargate.ts';
import { emptyApp, resource, serviceIn, serviceInApp } from './service-in-app.ts';

beforeAll(() => installPythonTool('cfn-lint'), INSTALL_TIMEOUT_MILLISECONDS);

// The CDK's own validation, whose findings are errors: see cdk.json.
beforeAll(() => {
  vi.stubEnv('CDK_VALIDATION', 'true');
});
afterAll(() => vi.unstubAllEnvs());

it('finds nothing in the template', async () => {
  expect(await findingsIn(serviceInApp().template().toJSON())).toBe('');
});

it('finds nothing in the template of a service with every option of its own resources', async () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const topic = new Topic(stack, 'Topic', { enforceSSL: true });
  const { template } = serviceIn(stack, {
    api: {
      auth: ApiAuth.jwt({ issuer: 'https://issuer.example.com', audience: 'a' }),
      corsOrigins: ['https://app.example.com'],
      batches: true,
      actions: true,
      activity: true,
    },
    webhooks: {},
    encryptionKey: new Key(stack, 'Key'),
    secrets: { MODEL_KEY: new Secret(stack, 'ModelKey') },
    release: {},
    function: {
      vpc: new Vpc(stack, 'Vpc', { maxAzs: 2 }),
      reservedConcurrency: 20,
      ephemeralStorage: Size.gibibytes(1),
    },
    queue: { pollers: { min: 2, max: 2 } },
    observability: { dashboard: true, failureEvents: { topic }, alarmTopic: topic, tracing: Tracing.xray() },
  });
  expect(await findingsIn(template().toJSON())).toBe('');
});

it('finds nothing in the template of a service on existing resources', async () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const dead = new Queue(stack, 'Dead', { retentionPeriod: Duration.days(14) });
  const queue = new Queue(stack, 'Orders', {
    visibilityTimeout: Duration.minutes(6),
    deadLetterQueue: { queue: dead, maxReceiveCount: 50 },
  });
  const kafka = new ManagedKafkaEventSource({
    clusterArn: 'arn:aws:kafka:us-east-1:123456789012:cluster/orders/751d2973-a626-431c-9d4e-d7975eb44dd7-2',
    topic: 'orders',
    startingPosition: StartingPosition.TRIM_HORIZON,
  });
  const rabbitMq = new RabbitMqEventSource({
    brokerArn: 'arn:aws:mq:us-east-1:123456789012:broker:orders:b-9bcfa592-423a-4942-879d-eb284b418fc8',
    queueName: 'orders',
    credentials: new Secret(stack, 'Login'),
  });
  const { template } = serviceIn(stack, {
    payloads: { bucket: new Bucket(stack, 'Own', { versioned: true }) },
    queue: { queue, sources: [kafka, rabbitMq] },
    output: { queue: new Queue(stack, 'Results') },
  });
  expect(await findingsIn(template().toJSON())).toBe('');
});

it('finds nothing in the template of a service that keeps order', async () => {
  expect(await findingsIn(serviceInApp({ order: 'fifo', api: {} }).template().toJSON())).toBe('');
});

it('finds nothing in the templates of a service whose outcomes fan out, and of a subscription', async () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { service, template } = serviceIn(stack, { output: { fanOut: true } });
  new OutcomeSubscription(stack, 'Failures', { service, topics: ['images.*'], statuses: ['failed'] });
  const target = new Queue(stack, 'Own');
  new OutcomeSubscription(stack, 'Acme', { service, tenants: ['acme'], target });
  expect(await findingsIn(template().toJSON())).toBe('');
  const ordered = serviceInApp({ order: 'fifo', output: { fanOut: true } });
  new OutcomeSubscription(ordered.stack, 'All', { service: ordered.service });
  expect(await findingsIn(ordered.template().toJSON())).toBe('');
});

it('finds nothing in the templates of outboxes', async () => {
  const ordered = serviceInApp({ order: 'fifo' });
  new Outbox(ordered.stack, 'Outbox', { service: ordered.service });
  expect(await findingsIn(ordered.template().toJSON())).toBe('');
  const stack = new Stack(emptyApp(), 'Stack');
  const { service, template } = serviceIn(stack, { encryptionKey: new Key(stack, 'Key') });
  const partitionKey = { name: 'PK', type: AttributeType.STRING };
  const dynamoStream = StreamViewType.NEW_IMAGE;
  new Outbox(stack, 'Outbox', { service, table: new TableV2(stack, 'App', { partitionKey, dynamoStream }) });
  expect(await findingsIn(template().toJSON())).toBe('');
});

it('finds nothing in the template of a service on Fargate', async () => {
  const { template } = serviceOnFargate(
    { spot: true, maxTasks: 100 },
    { observability: { dashboard: true } },
  );
  expect(await findingsIn(template().toJSON())).toBe('');
});

it('would find something', async () => {
  const template = serviceInApp().template();
  delete resource(template, 'AWS::Lambda::Function', 'ServiceProcessor').properties.Role;
  expect(await findingsIn(template.toJSON())).toContain("'Role' is a required property");
});
