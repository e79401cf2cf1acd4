import { Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AsyncServiceProps } from '../../lib/constructs/index.ts';
import { readApiEnvironment } from '../../lib/core/config/api-environment.ts';
import { readEnvironment } from '../../lib/core/config/processor-environment.ts';
import { readWebhookEnvironment } from '../../lib/core/config/webhook-environment.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { emptyApp, readable, resource, resources, serviceIn, serviceInApp } from './service-in-app.ts';

afterEach(() => vi.unstubAllEnvs());

function environmentOf(template: Template, beginning: string) {
  const { Variables } = resource(template, 'AWS::Lambda::Function', beginning).properties.Environment;
  return readable(Variables) as Record<string, string>;
}

function statementsOf(template: Template, beginning: string) {
  const { Statement } = resource(template, 'AWS::IAM::Policy', beginning).properties.PolicyDocument;
  return readable(Statement) as { Action: string | string[]; Resource: string }[];
}

it('are off by default', () => {
  const ids = resources(serviceInApp({ api: {} }).template()).map(({ id }) => id);
  expect(ids.filter((id) => id.startsWith('ServiceWebhooks'))).toEqual([]);
});

describe('the environment', () => {
  it('has the callback settings', () => {
    const template = serviceInApp({ api: {}, webhooks: {} }).template();
    const queue = `<${resource(template, 'AWS::SQS::Queue', 'ServiceWebhooksDeliveriesQueue').id}>`;
    const deadLetters = `<${resource(template, 'AWS::SQS::Queue', 'ServiceWebhooksDeliveriesDeadLetters').id}>`;
    const rules = { callbacks: 'public', callbackPorts: [443, 8443] };
    expect(readEnvironment(environmentOf(template, 'ServiceProcessor'))).toMatchObject({
      ...rules,
      webhookQueueUrl: queue,
      webhookDefaultUrl: '',
      webhookEvents: ['succeeded', 'failed', 'cancelled', 'expired'],
    });
    expect(readApiEnvironment(environmentOf(template, 'ServiceApi'))).toMatchObject({
      ...rules,
      webhookQueueUrl: queue,
      webhookEvents: ['succeeded', 'failed', 'cancelled', 'expired'],
    });
    expect(readWebhookEnvironment(environmentOf(template, 'ServiceWebhooks'))).toEqual({
      ...rules,
      serviceName: 'Stack/Service',
      tracing: 'off',
      webhookQueueUrl: queue,
      webhookQueueArn: queue.replace('>', '.Arn>'),
      webhookDeadLetterQueueUrl: deadLetters,
      webhookDeadLetterQueueArn: deadLetters.replace('>', '.Arn>'),
      webhookSecret: `<${resource(template, 'AWS::SecretsManager::Secret').id}>`,
      scheduleGroup: resource(template, 'AWS::Scheduler::ScheduleGroup').properties.Name,
      scheduleRole: `<${resource(template, 'AWS::IAM::Role', 'ServiceWebhooksScheduleRole').id}.Arn>`,
      requestTable: `<${resource(template, 'AWS::DynamoDB::GlobalTable').id}>`,
      webhookEndpoints: false,
      metrics: true,
      eventBusArn: '',
    });
  });

  it('has the values of the props', () => {
    const defaultUrl = 'https://example.com:9443/hook';
    const template = serviceInApp({ webhooks: { defaultUrl, events: ['failed'], ports: [9443] } }).template();
    expect(readEnvironment(environmentOf(template, 'ServiceProcessor'))).toMatchObject({
      callbacks: 'public',
      callbackPorts: [9443],
      webhookDefaultUrl: defaultUrl,
      webhookEvents: ['failed'],
    });
  });
});

describe('the roles', () => {
  const template = serviceInApp({ webhooks: {} }).template();
  const queue = `<${resource(template, 'AWS::SQS::Queue', 'ServiceWebhooksDeliveriesQueue').id}.Arn>`;

  const deadLetters = `<${resource(template, 'AWS::SQS::Queue', 'ServiceWebhooksDeliveriesDeadLetters').id}.Arn>`;

  it('of the webhook function allows its own calls only', () => {
    const group = resource(template, 'AWS::Scheduler::ScheduleGroup').properties.Name;
    const role = resource(template, 'AWS::IAM::Role', 'ServiceWebhooksScheduleRole').id;
    expect(statementsOf(template, 'ServiceWebhooksRole')).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: `<${resource(template, 'AWS::Logs::LogGroup', 'ServiceWebhooks').id}.Arn>`,
      },
      {
        Effect: 'Allow',
        Action: [
          'sqs:ChangeMessageVisibility',
          'sqs:DeleteMessage',
          'sqs:GetQueueAttributes',
          'sqs:ReceiveMessage',
        ],
        Resource: queue,
      },
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: [deadLetters, queue] },
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: `<${resource(template, 'AWS::SecretsManager::Secret').id}>`,
      },
      {
        Effect: 'Allow',
        Action: 'dynamodb:UpdateItem',
        Resource: `<${resource(template, 'AWS::DynamoDB::GlobalTable').id}.Arn>`,
        Condition: {
          'ForAllValues:StringEquals': {
            'dynamodb:Attributes': ['pk', 'webhook', 'webhookEndedAt', 'webhookAt'],
          },
          StringEqualsIfExists: { 'dynamodb:ReturnValues': ['NONE', 'UPDATED_OLD', 'UPDATED_NEW'] },
        },
      },
      {
        Effect: 'Allow',
        Action: 'scheduler:CreateSchedule',
        Resource: `arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/${group}/*`,
      },
      {
        Effect: 'Allow',
        Action: 'iam:PassRole',
        Resource: `<${role}.Arn>`,
        Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      },
    ]);
  });

  it('of the scheduler allows schedules of the group to send to the queue and the dead-letter queue', () => {
    const { id, properties } = resource(template, 'AWS::IAM::Role', 'ServiceWebhooksScheduleRole');
    expect(readable(properties.AssumeRolePolicyDocument.Statement)).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Condition: {
          StringEquals: {
            'aws:SourceAccount': '<AWS::AccountId>',
            'aws:SourceArn': `<${resource(template, 'AWS::Scheduler::ScheduleGroup').id}.Arn>`,
          },
        },
      },
    ]);
    expect(id).toBeDefined();
    expect(statementsOf(template, 'ServiceWebhooksScheduleRole')).toEqual([
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: [deadLetters, queue] },
    ]);
  });

  it('of the processor also allows sending to the queue', () => {
    const sending = statementsOf(template, 'ServiceProcessorRole').filter(
      ({ Action }) => Action === 'sqs:SendMessage',
    );
    expect(sending.flatMap(({ Resource }) => Resource)).toContain(queue);
  });
});

it('let the HTTP API send to the queue', () => {
  const template = serviceInApp({ api: {}, webhooks: {} }).template();
  const queue = `<${resource(template, 'AWS::SQS::Queue', 'ServiceWebhooksDeliveriesQueue').id}.Arn>`;
  const sending = statementsOf(template, 'ServiceApiFunctionRole').filter(
    ({ Action }) => Action === 'sqs:SendMessage',
  );
  expect(sending.flatMap(({ Resource }) => Resource)).toContain(queue);
});

describe('endpoints', () => {
  const props = { api: { corsOrigins: ['https://app.example.com'] }, webhooks: { endpoints: true } };
  const observability = { failureEvents: {} };

  it('are off by default, and then give no right', () => {
    const { service, template } = serviceInApp({ api: {}, webhooks: {}, observability });
    expect(JSON.stringify(template().toJSON())).not.toContain('webhook-endpoints#');
    for (const role of ['ServiceApiFunctionRole', 'ServiceProcessorRole']) {
      const actions = statementsOf(template(), role).flatMap(({ Action }) => Action);
      expect(actions).not.toContain('secretsmanager:GetSecretValue');
    }
    expect(service.alarms.map(({ node }) => node.id)).not.toContain('WebhookEndpointsDisabled');
  });

  it('are read by the processor, changed by the webhook function, and their secrets derived by the API', () => {
    const template = serviceInApp({ ...props, observability }).template();
    const secret = `<${resource(template, 'AWS::SecretsManager::Secret').id}>`;
    const endpoints = {
      Effect: 'Allow',
      Resource: `<${resource(template, 'AWS::DynamoDB::GlobalTable').id}.Arn>`,
      Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['webhook-endpoints#*'] } },
    };
    expect(statementsOf(template, 'ServiceProcessorRole')).toContainEqual({
      ...endpoints,
      Action: 'dynamodb:GetItem',
    });
    const ofWebhooks = statementsOf(template, 'ServiceWebhooksRole');
    expect(ofWebhooks).toContainEqual({ ...endpoints, Action: ['dynamodb:GetItem', 'dynamodb:PutItem'] });
    expect(ofWebhooks.flatMap(({ Action }) => Action)).toContain('events:PutEvents');
    expect(statementsOf(template, 'ServiceApiFunctionRole')).toContainEqual({
      Effect: 'Allow',
      Action: 'secretsmanager:GetSecretValue',
      Resource: secret,
    });
    expect(readApiEnvironment(environmentOf(template, 'ServiceApi')).webhookSecret).toBe(secret);
    expect(readEnvironment(environmentOf(template, 'ServiceProcessor')).webhookEndpoints).toBe(true);
    expect(readWebhookEnvironment(environmentOf(template, 'ServiceWebhooks'))).toMatchObject({
      webhookEndpoints: true,
      eventBusArn: expect.stringContaining('event-bus/default'),
    });
  });

  it('need more methods of the API, in browsers too', () => {
    const template = serviceInApp(props).template();
    const routes = resources(template).filter(({ type }) => type === 'AWS::ApiGatewayV2::Route');
    expect(routes.map(({ properties }) => properties.RouteKey).toSorted()).toEqual([
      'DELETE /v1/{proxy+}',
      'GET /v1/{proxy+}',
      'PATCH /v1/{proxy+}',
      'POST /v1/{proxy+}',
      'PUT /v1/{proxy+}',
    ]);
    const { CorsConfiguration } = resource(template, 'AWS::ApiGatewayV2::Api').properties;
    expect(CorsConfiguration.AllowMethods).toEqual(['GET', 'POST', 'PATCH', 'PUT', 'DELETE']);
  });

  it('raise an alarm when one is disabled, unless metrics are off', () => {
    const alarmsOf = (observability: AsyncServiceProps['observability']) =>
      serviceInApp({ ...props, observability }).service.alarms.map(({ node }) => node.id);
    expect(alarmsOf({})).toContain('WebhookEndpointsDisabled');
    expect(alarmsOf({ metrics: false })).not.toContain('WebhookEndpointsDisabled');
  });

  nagIt("have no findings of cdk-nag's AwsSolutions rules", () => {
    expect(nagFindingsIn(serviceInApp({ ...props, observability }).stack)).toEqual([]);
  });

  it('need an API', () => {
    expect(() => serviceInApp({ webhooks: { endpoints: true } })).toThrow(
      'webhooks.endpoints must be false in a service without the prop api, got true',
    );
  });
});

it('keep failed deliveries, with an alarm', () => {
  const { service, template } = serviceInApp({ webhooks: {} });
  const queue = resource(template(), 'AWS::SQS::Queue', 'ServiceWebhooksDeliveriesQueue').properties;
  expect(queue).toMatchObject({ RedrivePolicy: { maxReceiveCount: 8 }, VisibilityTimeout: 360 });
  expect(service.alarms.map(({ node }) => node.id)).toContain('WebhookDeadLetters');
});

it('leave concurrency to the account, and have enough threads for DNS lookups', () => {
  const template = serviceInApp({ webhooks: {} }).template();
  const { ScalingConfig } = resource(
    template,
    'AWS::Lambda::EventSourceMapping',
    'ServiceWebhooks',
  ).properties;
  expect(ScalingConfig).toEqual({ MaximumConcurrency: 100 });
  expect(environmentOf(template, 'ServiceWebhooks').UV_THREADPOOL_SIZE).toBe('64');
});

it('generate a secret of 33 bytes in base64', () => {
  const { properties } = resource(serviceInApp({ webhooks: {} }).template(), 'AWS::SecretsManager::Secret');
  expect(properties.GenerateSecretString).toEqual({
    SecretStringTemplate: '{}',
    GenerateStringKey: 'current',
    PasswordLength: 44,
    ExcludePunctuation: true,
    ExcludeCharacters: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
  });
});

it('sign with an existing secret', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const secret = new Secret(stack, 'Own');
  const { service, template } = serviceIn(stack, { webhooks: { secret } });
  expect(service.webhooks?.secret).toBe(secret);
  expect(environmentOf(template(), 'ServiceWebhooks').COATCHECK_WEBHOOK_SECRET).toBe(
    `<${resource(template(), 'AWS::SecretsManager::Secret').id}>`,
  );
});

nagIt("have no findings of cdk-nag's AwsSolutions rules", () => {
  expect(nagFindingsIn(serviceInApp({ webhooks: {} }).stack)).toEqual([]);
});

describe('reject', () => {
  it.each<[AsyncServiceProps['webhooks'], string]>([
    [
      { events: [] },
      'webhooks.events must be one or more of succeeded, failed, cancelled, expired, progress, got []',
    ],
    [{ ports: [] }, 'webhooks.ports must be one or more whole numbers from 1 to 65535, got []'],
    [{ ports: [443, 0] }, 'webhooks.ports must be one or more whole numbers from 1 to 65535, got [443,0]'],
    [{ ports: [65_536] }, 'webhooks.ports must be one or more whole numbers from 1 to 65535, got [65536]'],
    [{ defaultUrl: 'http://example.com' }, 'webhooks.defaultUrl: a callback URL must be https'],
    [{ allowLocal: true }, 'webhooks.allowLocal must be false unless AWS_ENDPOINT_URL'],
  ])('%j', (webhooks, problem) => {
    vi.stubEnv('AWS_ENDPOINT_URL', undefined);
    expect(() => serviceInApp({ webhooks })).toThrow(problem);
  });
});

it('can call this machine on a local AWS', () => {
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://localhost:4566');
  const template = serviceInApp({ webhooks: { allowLocal: true } }).template();
  expect(environmentOf(template, 'ServiceWebhooks').COATCHECK_CALLBACKS).toBe('local');
});
