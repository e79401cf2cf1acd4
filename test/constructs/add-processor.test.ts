import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import { environmentSizes } from '../../lib/constructs/functions/environment-size.ts';
import { ApiAuth, AsyncService, type AsyncServiceProps } from '../../lib/constructs/index.ts';
import { LAMBDA_MAX_ENVIRONMENT_BYTES } from '../../lib/core/config/aws-limits.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { ENTRY, emptyApp, readable, resource, resources, serviceIn, serviceInApp } from './service-in-app.ts';

const IMAGES: Partial<AsyncServiceProps> = { topics: ['images.*', '*'], api: {}, webhooks: {} };

/** A service for images with a processor for reports behind its front door. */
function withReports(props: Partial<AsyncServiceProps> = IMAGES, own: Partial<AsyncServiceProps> = {}) {
  const { stack, service } = serviceInApp(props);
  const reports = service.addProcessor('Reports', { entry: ENTRY, topics: ['reports.*'], ...own });
  return { stack, service, reports, template: () => Template.fromStack(stack) };
}

describe('a processor behind the front door of a service', () => {
  const { template, service, reports } = withReports();
  const queueId = (prefix: string) => resource(template(), 'AWS::SQS::Queue', prefix).id;
  const variables = (prefix: string) =>
    readable(resource(template(), 'AWS::Lambda::Function', prefix).properties.Environment.Variables);

  it('has its own queue, dead-letter queue, function and alarms', () => {
    const input = queueId('ServiceReportsInputQueue');
    expect(variables('ServiceReportsProcessor')).toMatchObject({
      COATCHECK_TOPICS: 'reports.*',
      COATCHECK_INPUT_QUEUE_URL: `<${input}>`,
      COATCHECK_DEAD_LETTER_QUEUE_URL: `<${queueId('ServiceReportsInputDeadLetters')}>`,
    });
    const alarms = resources(template()).filter(({ id }) => id.startsWith('ServiceReportsAlarms'));
    expect(alarms.map(({ id }) => id.replace(/^ServiceReportsAlarms|[0-9A-F]{8}$/g, '')).toSorted()).toEqual([
      'DeadLetters',
      'OldestRequest',
      'PauseDeadLetters',
      'Paused',
      'SuccessRate',
      'Throttles',
    ]);
  });

  it('shares bucket, table, output queue and webhooks with the service', () => {
    const shared = [
      'COATCHECK_PAYLOAD_BUCKET',
      'COATCHECK_REQUEST_TABLE',
      'COATCHECK_OUTPUT_QUEUE_URL',
      'COATCHECK_WEBHOOK_QUEUE_URL',
    ];
    const [own, behind] = ['ServiceProcessor', 'ServiceReportsProcessor'].map((prefix) =>
      shared.map((name) => (variables(prefix) as Record<string, unknown>)[name]),
    );
    expect(behind).toEqual(own);
    expect([reports.api, reports.webhooks]).toEqual([service.api, service.webhooks]);
    for (const type of ['AWS::S3::Bucket', 'AWS::DynamoDB::GlobalTable', 'AWS::ApiGatewayV2::Api']) {
      expect(resources(template()).filter((each) => each.type === type)).toHaveLength(1);
    }
  });

  it('knows the service by name, since it keeps its load apart, and the ids of its webhooks are those of the API', () => {
    expect(variables('ServiceProcessor')).not.toHaveProperty('COATCHECK_FRONT_SERVICE_NAME');
    expect(variables('ServiceReportsProcessor')).toMatchObject({
      COATCHECK_FRONT_SERVICE_NAME: 'Stack/Service',
    });
  });

  it.each(['ServiceApi', 'ServiceRelay'])('is known to %s, which may send to its queue', (prefix) => {
    const input = queueId('ServiceReportsInputQueue');
    const { COATCHECK_TOPICS, COATCHECK_OTHER_PROCESSORS } = variables(prefix) as Record<string, string>;
    expect(COATCHECK_TOPICS).toBe('images.* *');
    expect(JSON.parse(COATCHECK_OTHER_PROCESSORS ?? '')).toEqual([
      [`<${input}.QueueName>`, 'reports.*', 50, 3_050, 60, 0, 'Stack/Service/Reports'],
    ]);
    const statements = resources(template())
      .filter(({ type, id }) => type === 'AWS::IAM::Policy' && id.startsWith(prefix))
      .flatMap(({ properties }) => properties.PolicyDocument.Statement);
    const sending = statements.filter(({ Action }) => [Action].flat().includes('sqs:SendMessage'));
    expect(JSON.stringify(sending)).toContain(input);
  });

  it('gets uploads by the relay, since S3 does not know their topics', () => {
    const { NotificationConfiguration } = resource(template(), 'AWS::S3::Bucket').properties;
    expect(readable(NotificationConfiguration.QueueConfigurations)).toMatchObject([
      { Queue: `<${queueId('ServiceUploadsQueue')}.Arn>` },
    ]);
  });
});

it('an output queue of its own', () => {
  const { reports, service } = withReports(IMAGES, { output: { format: 'raw' } });
  expect(reports.outputQueue).not.toBe(service.outputQueue);
});

it('a service without output has processors without one', () => {
  const { reports } = withReports({ ...IMAGES, output: false });
  expect(() => reports.outputQueue).toThrow('has no output queue');
});

it('is encrypted with the key of the service', () => {
  const { stack } = serviceInApp();
  const encryptionKey = new Key(stack, 'Key');
  const service = new AsyncService(stack, 'Keyed', { ...IMAGES, entry: ENTRY, encryptionKey });
  const { inputQueue } = service.addProcessor('Reports', { entry: ENTRY, topics: ['reports.*'] });
  expect(inputQueue.encryptionMasterKey).toBe(encryptionKey);
});

it.each([
  [
    IMAGES,
    { topics: ['images.*'] },
    'topics[0] must differ from the patterns of all other processors, got images.*, which Stack/Service has',
  ],
  [IMAGES, { topics: [] }, 'topics must have at least one pattern'],
  [IMAGES, { topics: ['a b'] }, 'topics[0] must be a topic'],
  [IMAGES, { api: {} }, 'api must be left out, since it is that of Stack/Service'],
  [{ api: {} }, {}, 'Stack/Service must have the prop topics'],
  [{ ...IMAGES, topics: ['*.x'] }, {}, 'topics[0] must be a topic'],
  [
    { ...IMAGES, serviceName: 'images' },
    { serviceName: 'images' },
    'serviceName must differ from those of all other processors, got images, which Stack/Service has',
  ],
  [
    IMAGES,
    {
      limits: [
        { key: 'tenant', concurrency: 2 },
        { key: 'all', maxWaiting: 9 },
      ] as const,
    },
    'limits[1].maxWaiting must be left out, got 9: it refuses requests when too many wait, and the API counts only those that wait for the processor of Stack/Service.',
  ],
  [IMAGES, { order: 'fifo' as const }, 'output.queue must be a FIFO queue'],
])('%j with %j: %s', (props, own, problem) => {
  expect(() => withReports(props, own)).toThrow(problem);
});

it('at most eight', () => {
  const { service } = withReports();
  for (let n = 2; n <= 8; n++) service.addProcessor(`P${n}`, { entry: ENTRY, topics: [`t${n}`] });
  expect(() => service.addProcessor('P9', { entry: ENTRY, topics: ['t9'] })).toThrow(
    'Stack/Service must have at most 8 added processors, got 9',
  );
});

it('of a processor that was added itself is refused', () => {
  const { reports } = withReports();
  expect(() => reports.addProcessor('Daily', { entry: ENTRY, topics: ['reports.daily'] })).toThrow(
    'addProcessor() must be called on Stack/Service, whose front door it is, got Stack/Service/Reports',
  );
});

describe('the variables of the functions that know all processors', () => {
  /** @param length of the longest name of the topics */
  const withProcessors = (
    count: number,
    length: number,
    props: Partial<AsyncServiceProps> = {},
    stack = new Stack(emptyApp(), 'Stack'),
  ) => {
    const { service } = serviceIn(stack, { ...IMAGES, webhooks: { endpoints: true }, ...props });
    for (let n = 1; n <= count; n++) {
      const topics = Array.from({ length: 2 }, (_, index) => `t${n}.${index}.${'x'.repeat(length)}`);
      service.addProcessor(`Processor${n}`, { entry: ENTRY, topics });
    }
    return {
      synthesize: () => App.of(stack)?.synth(),
      spareBytes: () => LAMBDA_MAX_ENVIRONMENT_BYTES - Math.max(...environmentSizes(service).values()),
    };
  };

  it('have room for eight, and for more variables', () => {
    const { synthesize, spareBytes } = withProcessors(8, 10);
    expect(synthesize).not.toThrow();
    expect(spareBytes()).toBeGreaterThanOrEqual(500);
  });

  const features: Partial<AsyncServiceProps> = {
    api: { schedules: true, batches: true, actions: true, activity: true },
    queue: { lanes: {} },
    records: { metadata: ['customer', 'order'] },
  };

  it('have room for eight if the API has all its features, and for more variables', () => {
    const { synthesize, spareBytes } = withProcessors(8, 10, features);
    expect(synthesize).not.toThrow();
    expect(spareBytes()).toBeGreaterThanOrEqual(100);
  });

  it('have room for seven if it also has JWTs and receipts', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const auth = ApiAuth.jwt({
      issuer: 'https://issuer.example.com',
      audience: 'coatcheck',
      tenantClaim: 'custom:tenant',
      operators: { claim: 'cognito:groups', value: 'operators' },
    });
    const api = { ...features.api, auth, receipts: new Secret(stack, 'Receipts') };
    const { synthesize } = withProcessors(7, 10, { ...features, api }, stack);
    expect(synthesize).not.toThrow();
  });

  it('are too large for long topics, which the synthesis says', () => {
    expect(withProcessors(8, 120).synthesize).toThrow(
      /The variables of Stack\/Service\/Api\/Function\/Function must have at most 4096 bytes, which is Lambda's limit, got about \d+: use fewer or shorter topics/,
    );
  });
});

nagIt('has no findings of cdk-nag', () => {
  expect(nagFindingsIn(withReports().stack)).toEqual([]);
});
