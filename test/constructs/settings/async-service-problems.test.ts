import { Duration, Size, Stack } from 'aws-cdk-lib';
import { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import {
  ApiAuth,
  Host,
  Outbox,
  OutcomeSubscription,
  RabbitMqEventSource,
  Tracing,
} from '../../../lib/constructs/index.ts';
import { ENTRY, emptyApp, serviceIn, serviceInApp } from '../service-in-app.ts';

const A_DURATION = 'a Duration, such as Duration.seconds(30)';

/** What a program in JavaScript, or one with a cast, may pass. */
function untyped(value: unknown): never {
  return value as never;
}

/** The problems that an error lists behind its first line. */
function problemsIn(build: () => unknown): string[] {
  try {
    build();
  } catch (error) {
    if (error instanceof Error && error.name === 'ConfigurationError') {
      return error.message.split('\n  - ').slice(1);
    }
    throw error;
  }
  return [];
}

function problemsOf(props: object): string[] {
  return problemsIn(() => serviceInApp(untyped(props)));
}

describe('a prop of a wrong kind is refused by its path:', () => {
  it.each<[props: object, problem: string]>([
    [{ records: null }, 'records must be left out or have a value, got null'],
    [{ retry: { maxAttempts: null } }, 'retry.maxAttempts must be left out or have a value, got null'],
    [{ retry: 'abc' }, 'retry must be an object with settings, got "abc"'],
    [{ queue: [] }, 'queue must be an object with settings, got a list of 0'],
    [{ queue: { queue: {} } }, 'queue.queue must be an SQS queue of the CDK, got another object'],
    [{ topics: 'images' }, 'topics must be a list, got "images"'],
    [{ output: true }, 'output must be false, or an object with settings, got true'],
    [
      { output: { queue: 'arn' } },
      'output.queue must be an SQS queue of the CDK, or an object with settings, got "arn"',
    ],
    [{ api: { receipts: 'abc' } }, 'api.receipts must be a secret of the CDK, got "abc"'],
    [{ api: { auth: 'iam' } }, 'api.auth must be ApiAuth.iam() or ApiAuth.jwt(), got "iam"'],
    [{ encryptionKey: 'alias/a' }, 'encryptionKey must be a KMS key of the CDK, got "alias/a"'],
    [{ observability: { audit: {} } }, `observability.audit.every must be ${A_DURATION}, got nothing`],
    [
      { observability: { logLevel: 'LOUD' } },
      expect.stringMatching(/^observability.logLevel must be one of .*INFO/),
    ],
    [
      { observability: { logRetention: 2 } },
      'observability.logRetention must be one of RetentionDays, got 2',
    ],
    [{ entry: 5 }, 'entry must be a text, got 5'],
    [{ webhooks: { defaultUrl: 5 } }, 'webhooks.defaultUrl must be a text, got 5'],
    [{ api: { schedules: 'yes' } }, 'api.schedules must be true or false, got "yes"'],
    [
      { removalPolicy: 'keep' },
      expect.stringMatching(/^removalPolicy must be one of destroy, .*, got "keep"$/),
    ],
    [
      { function: { ephemeralStorage: 512 } },
      'function.ephemeralStorage must be a Size, such as Size.gibibytes(1), got 512',
    ],
    [
      { retry: { maxAttempts: '3' } },
      'retry.maxAttempts must be a whole number of attempts from 1 to 400, got "3"',
    ],
    [
      { retry: { maxAttempts: Duration.seconds(3) } },
      'retry.maxAttempts must be a whole number of attempts from 1 to 400, got an instance of Duration',
    ],
    [
      { function: { timeout: Size.mebibytes(3) } },
      `function.timeout must be ${A_DURATION}, got an instance of Size`,
    ],
    [
      { queue: { pollers: { min: 2 } } },
      'queue.pollers.max must be a whole number of pollers from 2 to 2000, got nothing',
    ],
  ])('%o', (props, problem) => {
    expect(problemsOf(props)).toEqual([problem]);
  });
});

describe('a member of a list or a record is refused by its place:', () => {
  it.each<[props: object, problem: string]>([
    [{ topics: [null] }, 'topics[0] must be a text, got null'],
    [{ topics: ['images', 5] }, 'topics[1] must be a text, got 5'],
    [{ secrets: { MODEL_KEY: 'arn' } }, 'secrets.MODEL_KEY must be a secret of the CDK, got "arn"'],
    [{ queue: { sources: ['arn'] } }, 'queue.sources[0] must be an event source of the CDK, got "arn"'],
    [
      { payloads: { sources: [{}] } },
      'payloads.sources[0].bucket must be an S3 bucket of the CDK, got nothing',
    ],
    [{ function: { layers: [{}] } }, 'function.layers[0] must be a layer of the CDK, got another object'],
    [
      { function: { securityGroups: ['sg-1'] } },
      'function.securityGroups[0] must be a security group of the CDK, got "sg-1"',
    ],
    [{ function: { environment: { PORT: 80 } } }, 'function.environment.PORT must be a text, got 80'],
    [{ release: { alarms: ['arn'] } }, 'release.alarms[0] must be an alarm of the CDK, got "arn"'],
    [{ api: { corsOrigins: [5] } }, 'api.corsOrigins[0] must be a text, got 5'],
    [
      { observability: { audit: { every: Duration.hours(1), except: ['lost'] } } },
      expect.stringMatching(
        /^observability.audit.except\[0\] must be one of message_missing, .*, got "lost"$/,
      ),
    ],
  ])('%o', (props, problem) => {
    expect(problemsOf(props)).toEqual([problem]);
  });
});

describe('a prop that there is not is refused, with the one that is meant:', () => {
  it.each<[props: object, problem: RegExp]>([
    [{ retrys: {} }, /^retrys is not one of entry, .*, removalPolicy: did you mean retry\?$/],
    [
      { retry: { maxAttemts: 3 } },
      /^retry.maxAttemts is not one of maxAttempts, .*: did you mean maxAttempts\?$/,
    ],
    [
      { payloads: { lifecycle: { all: 3 } } },
      /^payloads.lifecycle.all is not one of uploads, .*, incompleteUploads$/,
    ],
    [
      { api: { console: { clientId: 'a', clientID: 'b' } } },
      /^api.console.clientID is not one of clientId, /,
    ],
    [
      { payloads: { sources: [{ buckett: 5 }] } },
      /^payloads.sources\[0\].buckett is not one of bucket, prefix/,
    ],
  ])('%o', (props, problem) => {
    expect(problemsOf(props)).toContainEqual(expect.stringMatching(problem));
  });

  it('what is undefined counts as left out', () => {
    expect(problemsOf({ retires: undefined })).toEqual([]);
  });
});

/** The props that take a Duration, with the path in messages. */
const DURATIONS = [
  'host.targetWait',
  'host.stopTimeout',
  'queue.batchWindow',
  'queue.visibilityTimeout',
  'queue.retention',
  'retry.baseDelay',
  'retry.maxDelay',
  'payloads.lifecycle.uploads',
  'payloads.lifecycle.results',
  'payloads.lifecycle.consumerCopies',
  'payloads.lifecycle.replacedUploads',
  'payloads.lifecycle.incompleteUploads',
  'output.queue.retention',
  'output.queue.visibilityTimeout',
  'function.timeout',
  'records.retention',
  'observability.oldestRequestAlarm',
  'observability.audit.every',
  'circuitBreaker.pause',
  'api.maxWait',
];

it.each(DURATIONS)('a number is not taken as the Duration %s', (path) => {
  const [first = '', ...rest] = path.split('.');
  const members = rest.reduceRight<unknown>((value, name) => ({ [name]: value }), 30);
  const value = first === 'host' ? Host.fargate(untyped(members)) : members;
  expect(problemsOf({ [first]: value })).toEqual([`${path} must be ${A_DURATION}, got 30`]);
});

it('a queue in place of the settings of the queue is refused as a whole', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const queue = new Queue(stack, 'Own');
  expect(problemsIn(() => serviceIn(stack, untyped({ queue })))).toEqual([
    expect.stringMatching(/^queue must be an object with settings, got an instance of Queue/),
  ]);
});

it.each([undefined, null, 'entry.ts'])('%j instead of props is refused', (props) => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { service } = serviceIn(stack, { topics: ['*'] });
  const message = /The props of .* are invalid:\n {2}- The props must be an object/;
  expect(() => new Outbox(stack, 'Outbox', untyped(props))).toThrow(message);
  expect(() => new OutcomeSubscription(stack, 'Subscription', untyped(props))).toThrow(message);
  expect(() => new RabbitMqEventSource(untyped(props))).toThrow(message);
  expect(() => service.addProcessor('Behind', untyped(props))).toThrow(message);
  expect(() => service.addSchedule('nightly', untyped(props))).toThrow(message);
});

describe('other constructs refuse props by their names:', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { service } = serviceIn(stack, { output: { fanOut: true }, topics: ['*'] });
  const table = Table.fromTableName(stack, 'Table', 'rows');

  it.each<[build: (id: string) => unknown, problems: unknown[]]>([
    [(id) => new Outbox(stack, id, untyped({})), ['service must be an AsyncService, got nothing']],
    [
      (id) => new Outbox(stack, id, untyped({ service: table })),
      ['service must be an AsyncService, got an instance of Import'],
    ],
    [
      (id) => new Outbox(stack, id, untyped({ service, table: 'rows', prefix: 'a' })),
      [
        'table must be a DynamoDB table of the CDK, got "rows"',
        expect.stringMatching(/^prefix is not one of service, /),
      ],
    ],
    [
      (id) => new OutcomeSubscription(stack, id, untyped({ service, topics: 'a', tenants: [5] })),
      ['topics must be a list, got "a"', 'tenants[0] must be a text, got 5'],
    ],
    [
      (id) => new OutcomeSubscription(stack, id, untyped({ service, target: 'arn' })),
      ['target must be an SQS queue or a function of the CDK, or an object with settings, got "arn"'],
    ],
    [
      (id) => new OutcomeSubscription(stack, id, untyped({ service, target: { retention: 5 } })),
      [`target.retention must be ${A_DURATION}, got 5`],
    ],
    [
      () => new RabbitMqEventSource(untyped({ brokerArn: 'arn', queueName: 5, maxBatchingWindow: 1 })),
      [
        'queueName must be a text, got 5',
        'credentials must be a secret of the CDK, got nothing',
        `maxBatchingWindow must be ${A_DURATION}, got 1`,
      ],
    ],
    [(id) => service.addProcessor(id, untyped({ entry: ENTRY })), ['topics must be a list, got nothing']],
    [
      (id) => service.addProcessor(id, untyped({ entry: ENTRY, topics: ['a'], retries: {} })),
      [expect.stringMatching(/^retries is not one of /)],
    ],
    [
      (id) => service.addSchedule(id, untyped({ payload: 'a', everyMinute: 5 })),
      [expect.stringMatching(/^everyMinute is not one of .*: did you mean everyMinutes\?$/)],
    ],
    [
      (id) => service.addSchedule(id, untyped({ payload: 'a', everyMinutes: '5', tenant: 5 })),
      ['tenant must be a text, got 5', 'everyMinutes must be a number, got "5"'],
    ],
  ])('case %#', (build, problems) => {
    expect(
      problemsIn(() => build(`Case${stack.node.children.length}${service.node.children.length}`)),
    ).toEqual(problems);
  });
});

it.each<[build: () => unknown, message: string]>([
  [() => Host.fargate(untyped(undefined)), 'Host.fargate() takes an object with options, got nothing'],
  [() => ApiAuth.jwt(untyped(null)), 'ApiAuth.jwt() takes an object with options, got null'],
  [
    () => ApiAuth.jwt(untyped({ issuer: 'https://a' })),
    'ApiAuth.jwt(): audience must be a text or a list of texts, got nothing',
  ],
  [
    () => ApiAuth.jwt(untyped({ issuer: 'https://a', audience: {} })),
    'ApiAuth.jwt(): audience must be a text or a list of texts, got another object',
  ],
  [
    () => ApiAuth.jwt(untyped({ issuer: 'https://a', audience: ['a', 5] })),
    'ApiAuth.jwt(): audience[1] must be a text, got 5',
  ],
  [
    () => ApiAuth.jwt(untyped({ issuer: 'https://a', audience: 'a', operators: 'admins' })),
    'ApiAuth.jwt(): operators must be an object with settings, got "admins"',
  ],
  [
    () => ApiAuth.none(untyped({ openToAnyone: 'yes' })),
    'ApiAuth.none(): openToAnyone must be true or false, got "yes"',
  ],
  [() => Tracing.otlp(untyped(null)), 'Tracing.otlp() takes an object with options, got null'],
  [() => Tracing.otlp(untyped({ endpoint: 5 })), 'Tracing.otlp(): endpoint must be a text, got 5'],
  [() => Tracing.otlp(untyped({ headers: { key: 5 } })), 'Tracing.otlp(): headers.key must be a text, got 5'],
  [
    () => Tracing.otlp(untyped({ headers: 'key=secret' })),
    'Tracing.otlp(): headers must be an object, got a string',
  ],
])('a factory refuses what only JavaScript can pass: %#', (build, message) => {
  expect(build).toThrow(message);
});
