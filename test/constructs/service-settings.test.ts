import { resolve } from 'node:path';
import { CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiAuth, type AsyncServiceProps } from '../../lib/constructs/index.ts';
import { ConfigurationError } from '../../lib/core/errors.ts';
import { emptyApp, resource, serviceIn, serviceInApp } from './service-in-app.ts';

/** What the construct says of these props, problem by problem. */
function problemsOf(props: Partial<AsyncServiceProps>): string[] {
  return problemsIn(() => serviceInApp(props));
}

function problemsIn(build: () => unknown): string[] {
  try {
    build();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const [first, ...problems] = error.message.split('\n  - ');
    expect(first).toBe("The props of Stack/Service don't work:");
    return problems;
  }
}

const { seconds, hours, days } = Duration;

describe('a number out of range', () => {
  it.each<[Partial<AsyncServiceProps>, string]>([
    [{ batchSize: 0 }, 'batchSize must be a whole number of messages from 1 to 10000, got 0'],
    [{ batchWindow: seconds(301) }, 'batchWindow must be a whole number of seconds from 0 to 300, got 301'],
    [
      { batchWindow: Duration.millis(1_500) },
      'batchWindow must be a whole number of seconds from 0 to 300, got 1.5',
    ],
    [{ maxConcurrency: 1 }, 'maxConcurrency must be a whole number of batches from 2 to 1000, got 1'],
    [{ concurrency: 0 }, 'concurrency must be a whole number of requests from 1 to 400, got 0'],
    [{ concurrency: 401 }, 'concurrency must be a whole number of requests from 1 to 400, got 401'],
    [{ memoryMiB: 64 }, 'memoryMiB must be a whole number of MiB from 128 to 10240, got 64'],
    [{ timeout: seconds(2) }, 'timeout must be a whole number of seconds from 3 to 900, got 2'],
    [
      { visibilityTimeout: hours(13), inputRetention: days(13), lifecycle: { replacedUploads: days(13) } },
      'visibilityTimeout must be a whole number of seconds from 1 to 43200, got 46800',
    ],
    [
      { inputRetention: days(14), lifecycle: { replacedUploads: days(14) } },
      'inputRetention must be a whole number of seconds from 60 to 1209599, got 1209600',
    ],
    [{ maxAttempts: 2.5 }, 'maxAttempts must be a whole number of attempts from 1 to 400, got 2.5'],
    [{ retryBase: seconds(0) }, 'retryBase must be a whole number of seconds from 1 to 43200, got 0'],
    [{ retryCap: hours(13) }, 'retryCap must be a whole number of seconds from 1 to 43200, got 46800'],
    [
      { inlineLimitBytes: 1_048_576 },
      'inlineLimitBytes must be a whole number of bytes from 0 to 1000000, got 1048576',
    ],
    [
      { maxPayloadBytes: 0 },
      'maxPayloadBytes must be a whole number of bytes from 1 to 50000000000000, got 0',
    ],
    [
      { maxBufferedBytes: 2 ** 30 },
      'maxBufferedBytes must be a whole number of bytes from 1 to 536870888, got 1073741824',
    ],
    [{ maxJsonDepth: 1_001 }, 'maxJsonDepth must be a whole number of levels from 1 to 1000, got 1001'],
    [
      { outputRetention: seconds(59) },
      'outputRetention must be a whole number of seconds from 60 to 1209599, got 59',
    ],
    [
      { outputVisibilityTimeout: seconds(0) },
      'outputVisibilityTimeout must be a whole number of seconds from 1 to 43200, got 0',
    ],
    [
      { outputMaxReceiveCount: 0 },
      'outputMaxReceiveCount must be a whole number of receives from 1 to 1000, got 0',
    ],
    [
      { oldestRequestAlarm: seconds(30) },
      'oldestRequestAlarm must be a whole number of seconds from 60 to 1209600, got 30',
    ],
    [
      { lifecycle: { uploads: hours(132) } },
      'lifecycle.uploads must be a whole number of days from 1 to 36500, got 5.5',
    ],
    [
      { lifecycle: { results: days(36_501) } },
      'lifecycle.results must be a whole number of days from 1 to 36500, got 36501',
    ],
    [
      { lifecycle: { disposableCopies: days(36_501) } },
      'lifecycle.disposableCopies must be a whole number of days from 1 to 36500, got 36501',
    ],
    [
      { lifecycle: { replacedUploads: days(36_501) } },
      'lifecycle.replacedUploads must be a whole number of days from 1 to 36500, got 36501',
    ],
    [
      { recordRetention: days(36_501) },
      'recordRetention must be a whole number of days from 1 to 36500, got 36501',
    ],
    [
      { lifecycle: { incompleteUploads: days(0) } },
      'lifecycle.incompleteUploads must be a whole number of days from 1 to 36500, got 0',
    ],
    [
      { api: { maxWait: days(5) } },
      'api.maxWait must be a whole number of seconds from 1 to 345600, got 432000',
    ],
    [
      { api: { maxWait: seconds(0) } },
      'api.maxWait must be a whole number of seconds from 1 to 345600, got 0',
    ],
    [
      { api: { tenantShare: 101 } },
      'api.tenantShare must be a whole number of percent from 1 to 100, got 101',
    ],
  ])('%j', (props, problem) => {
    expect(problemsOf(props)).toContain(problem);
  });
});

describe('numbers that contradict each other', () => {
  it.each<[string, Partial<AsyncServiceProps>, string]>([
    [
      'a large batch needs a window',
      { batchSize: 11 },
      'batchWindow must be at least 1 seconds, which Lambda requires for a batchSize of 11, got 0',
    ],
    [
      'a message must stay hidden while it is worked on',
      { timeout: seconds(30), visibilityTimeout: seconds(29) },
      'visibilityTimeout must be at least 30 seconds, that is timeout + batchWindow, or a message comes back while it is worked on, got 29',
    ],
    [
      'and while its batch fills',
      { timeout: seconds(30), batchWindow: seconds(10), visibilityTimeout: seconds(39) },
      'visibilityTimeout must be at least 40 seconds, that is timeout + batchWindow, or a message comes back while it is worked on, got 39',
    ],
    [
      'waits grow',
      { retryBase: seconds(10), retryCap: seconds(9) },
      'retryCap must be at least 10 seconds, that is retryBase, got 9',
    ],
    [
      'a message must last for all its attempts',
      { maxAttempts: 10, retryCap: seconds(500), inputRetention: seconds(4_999) },
      'inputRetention must be at least 5000 seconds, that is maxAttempts × the longer of retryCap and visibilityTimeout, or a message may expire before its last attempt, got 4999',
    ],
    [
      'payloads must last as long as their messages',
      { lifecycle: { uploads: days(3) } },
      'lifecycle.uploads must be at least 4 days, that is inputRetention, got 3',
    ],
    [
      'overwritten ones too',
      { inputRetention: Duration.hours(121) },
      'lifecycle.replacedUploads must be at least 6 days, that is inputRetention, got 5',
    ],
    [
      'results must last as long as their outcomes',
      { outputRetention: days(5), lifecycle: { results: days(4) } },
      'lifecycle.results must be at least 5 days, that is outputRetention, got 4',
    ],
    [
      'disposable copies too',
      { outputRetention: days(5), lifecycle: { disposableCopies: days(4) } },
      'lifecycle.disposableCopies must be at least 5 days, that is outputRetention, got 4',
    ],
    [
      'records must last as long as a message may still be redriven',
      { inputRetention: Duration.hours(73), recordRetention: days(17) },
      'recordRetention must be at least 18 days, that is inputRetention and the 14 days of the dead-letter queue, got 17',
    ],
  ])('%s', (_, props, problem) => {
    expect(problemsOf(props)).toEqual([problem]);
  });

  it.each<[string, Partial<AsyncServiceProps>]>([
    ['a large batch with a window', { batchSize: 11, batchWindow: seconds(1) }],
    ['a visibility timeout of just the timeout', { timeout: seconds(30), visibilityTimeout: seconds(30) }],
    ['equal waits', { retryBase: seconds(10), retryCap: seconds(10) }],
    [
      'just enough time for all attempts',
      { maxAttempts: 10, retryCap: seconds(500), inputRetention: seconds(5_000) },
    ],
    ['records that last as long as messages', { inputRetention: days(2), recordRetention: days(16) }],
    [
      'objects that last as long as messages',
      {
        lifecycle: {
          uploads: days(4),
          replacedUploads: days(4),
          results: days(4),
          disposableCopies: days(4),
        },
      },
    ],
    ['the longest waits', { retryBase: hours(12), retryCap: hours(12) }],
  ])('accepts %s', (_, props) => {
    expect(problemsOf(props)).toEqual([]);
  });
});

describe('a prefix', () => {
  const malformed = (path: string, value: string) =>
    `${path} must be folder names, each followed by a slash, of up to 128 letters, digits and _ . - /, got ${JSON.stringify(value)}`;

  it.each([
    '',
    '/',
    '/requests/',
    'requests',
    'a//b/',
    'two words/',
    'all*/',
    'ümlaut/',
    '../',
    `${'x'.repeat(128)}/`,
  ])('%j is refused', (prefix) => {
    expect(problemsOf({ uploadPrefix: prefix })).toContain(malformed('uploadPrefix', prefix));
    expect(problemsOf({ payloadPrefix: prefix })).toContain(malformed('payloadPrefix', prefix));
    expect(problemsOf({ resultPrefix: prefix })).toContain(malformed('resultPrefix', prefix));
    expect(problemsOf({ disposablePrefix: prefix })).toContain(malformed('disposablePrefix', prefix));
  });

  it.each(['a/', 'team-1/in.v2/', 'A_b/c/'])('%j is accepted', (prefix) => {
    expect(problemsOf({ uploadPrefix: prefix })).toEqual([]);
  });

  const newRequest = 'what is stored under the upload prefix is a new request';
  const keptApart = 'they are kept for different times and different readers';
  it.each<[Partial<AsyncServiceProps>, string]>([
    [
      { resultPrefix: 'requests/results/' },
      `resultPrefix must not lie under uploadPrefix: ${newRequest}, got requests/results/ under requests/`,
    ],
    [
      { resultPrefix: 'requests/' },
      `resultPrefix must not lie under uploadPrefix: ${newRequest}, got requests/ under requests/`,
    ],
    [
      { uploadPrefix: 'all/in/', resultPrefix: 'all/' },
      `uploadPrefix must not lie under resultPrefix: ${newRequest}, got all/in/ under all/`,
    ],
    [
      { disposablePrefix: 'requests/copies/' },
      `disposablePrefix must not lie under uploadPrefix: ${newRequest}, got requests/copies/ under requests/`,
    ],
    [
      { payloadPrefix: 'requests/by-reference/' },
      `payloadPrefix must not lie under uploadPrefix: ${newRequest}, got requests/by-reference/ under requests/`,
    ],
    [
      { disposablePrefix: 'results/copies/' },
      `disposablePrefix must not lie under resultPrefix: ${keptApart}, got results/copies/ under results/`,
    ],
  ])('must not lie in another: %j', (props, problem) => {
    expect(problemsOf(props)).toEqual([problem]);
  });

  it('may begin like another', () => {
    expect(problemsOf({ resultPrefix: 'requests-done/' })).toEqual([]);
  });
});

describe('a text', () => {
  it.each<[Partial<AsyncServiceProps>, string]>([
    [
      { entry: 'nowhere/processor.ts' },
      `entry must be an existing JavaScript or TypeScript file, got ${resolve('nowhere/processor.ts')}`,
    ],
    [
      { entry: 'test/constructs' },
      `entry must be an existing JavaScript or TypeScript file, got ${resolve('test/constructs')}`,
    ],
    [
      { entry: 'package.json' },
      `entry must be an existing JavaScript or TypeScript file, got ${resolve('package.json')}`,
    ],
    [{ handler: 'index.handler' }, 'handler must be the name of an export of the entry, got "index.handler"'],
    [
      { serviceName: 'my service' },
      'serviceName must have 1 to 256 letters, digits and _ . - / :, got "my service"',
    ],
    [{ serviceName: '' }, 'serviceName must have 1 to 256 letters, digits and _ . - / :, got ""'],
    [
      { environment: { COATCHECK_CONCURRENCY: '3' } },
      'environment.COATCHECK_CONCURRENCY must be left to the service, got "3"',
    ],
    [
      { environment: { POWERTOOLS_SERVICE_NAME: 'x' } },
      'environment.POWERTOOLS_SERVICE_NAME must be left to the service, got "x"',
    ],
  ])('%j', (props, problem) => {
    expect(problemsOf(props)).toEqual([problem]);
  });

  it('names the output formats there are', () => {
    const untyped: object = { outputFormat: 'xml' };
    expect(problemsOf(untyped)).toEqual([
      expect.stringMatching(/^outputFormat must be one of cloudevents, raw.*, got "xml"$/),
    ]);
  });

  it('names the claim check source', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const bucket = Bucket.fromBucketName(stack, 'Partner', 'partner-bucket');
    const claimCheckSources = [{ bucket }, { bucket, prefix: 'no-slash' }];
    expect(problemsIn(() => serviceIn(stack, { claimCheckSources }))).toEqual([
      expect.stringMatching(/^claimCheckSources\[1\]\.prefix must be folder names.*got "no-slash"$/),
    ]);
  });
});

describe('an output queue of the user', () => {
  it('is set up by the user', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const outputQueue = new Queue(stack, 'Own');
    const props = {
      outputQueue,
      outputRetention: days(1),
      outputVisibilityTimeout: seconds(1),
      outputMaxReceiveCount: 1,
    };
    expect(problemsIn(() => serviceIn(stack, props))).toEqual([
      'outputRetention must be set on outputQueue itself, got it beside outputQueue',
      'outputVisibilityTimeout must be set on outputQueue itself, got it beside outputQueue',
      'outputMaxReceiveCount must be set on outputQueue itself, got it beside outputQueue',
    ]);
  });

  it('A1: takes messages that a failure fits into', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const outputQueue = new Queue(stack, 'Own', { maxMessageSizeBytes: 4_096 });
    expect(problemsIn(() => serviceIn(stack, { outputQueue }))).toEqual([
      'outputQueue must take messages of at least 8192 bytes, so that every failure fits; got a MaximumMessageSize of 4096',
    ]);
  });

  it("can't be FIFO", () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const outputQueue = Queue.fromQueueArn(stack, 'Own', 'arn:aws:sqs:us-east-1:123456789012:own.fifo');
    expect(problemsIn(() => serviceIn(stack, { outputQueue }))).toEqual([
      'outputQueue must be a standard queue, got the FIFO queue own.fifo',
    ]);
  });
});

it('tells everything at once', () => {
  expect(problemsOf({ batchSize: 0, memoryMiB: 1, resultPrefix: 'requests/', handler: '' })).toHaveLength(4);
});

describe('an HTTP API', () => {
  const onAws = () => vi.stubEnv('AWS_ENDPOINT_URL', undefined);
  const onEmulator = () => vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:4566');
  beforeEach(onAws);
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const open = [
    expect.stringMatching(/^api\.auth must be ApiAuth\.iam\(\) or .* set AWS_ENDPOINT_URL to its URL$/),
  ];
  it.each<[string | undefined, unknown[]]>([
    [undefined, open],
    ['https://sts.amazonaws.com', open],
    ['http://127.0.0.1:4566', []],
  ])('open to all, deployed to %s', (endpoint, problems) => {
    vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
    expect(problemsOf({ api: { auth: ApiAuth.none() } })).toEqual(problems);
  });

  it('may be open to all on AWS when that is said twice', () => {
    expect(problemsOf({ api: { auth: ApiAuth.none({ openToAnyone: true }) } })).toEqual([]);
    expect(problemsOf({ api: { auth: ApiAuth.none({ openToAnyone: false }) } })).toEqual(open);
  });

  const issuer = 'https://issuer.example.com';
  it.each<[Parameters<typeof ApiAuth.jwt>[0], string]>([
    [
      { issuer: 'issuer.example.com', audience: 'a' },
      `api.auth's issuer must be an https URL, got "issuer.example.com"`,
    ],
    [
      { issuer: 'http://127.0.0.1:8080', audience: 'a' },
      `api.auth's issuer must be an https URL, got "http://127.0.0.1:8080"`,
    ],
    [{ issuer, audience: [] }, `api.auth's audience must be one name or more, got []`],
    [{ issuer, audience: ['a', ' '] }, `api.auth's audience must be one name or more, got ["a"," "]`],
    [
      { issuer, audience: 'a', tenantClaim: 'the tenant' },
      `api.auth's tenantClaim must have up to 256 characters and no spaces, got "the tenant"`,
    ],
  ])('for callers with a token: %j is refused', (options, problem) => {
    expect(problemsOf({ api: { auth: ApiAuth.jwt(options) } })).toEqual([problem]);
  });

  it('may have an issuer on the machine of an emulator', () => {
    onEmulator();
    const auth = ApiAuth.jwt({
      issuer: 'http://127.0.0.1:8080',
      audience: 'a',
      tenantClaim: 'custom:tenant',
    });
    expect(problemsOf({ api: { auth } })).toEqual([]);
  });

  it.each([
    'app.example.com',
    'https://app.example.com/',
    'https://APP.example.com',
    'https://*',
    'file:///a',
    '',
  ])('refuses the origin %j', (origin) => {
    expect(problemsOf({ api: { corsOrigins: ['https://app.example.com', origin] } })).toEqual([
      `api.corsOrigins[1] must be * or an origin as https://app.example.com, got ${JSON.stringify(origin)}`,
    ]);
  });

  it.each(['*', 'https://app.example.com', 'http://localhost:5173'])('accepts the origin %j', (origin) => {
    expect(problemsOf({ api: { corsOrigins: [origin] } })).toEqual([]);
  });

  it("doesn't let a request in that expires before its turn", () => {
    const inputRetention = seconds(3_600);
    const fitting = { inputRetention, maxAttempts: 1 };
    expect(problemsOf({ ...fitting, api: { maxWait: seconds(3_601) } })).toEqual([
      'api.maxWait must be at most 3600 seconds, that is inputRetention, or a request may expire before its turn comes, got 3601',
    ]);
    expect(problemsOf({ ...fitting, api: { maxWait: seconds(3_600) } })).toEqual([]);
  });

  it('is no reason to refuse a short retention where there is none', () => {
    const short = { inputRetention: seconds(400), maxAttempts: 1, retryCap: seconds(300) };
    expect(problemsOf(short)).toEqual([]);
    expect(problemsOf({ ...short, api: {} })).toHaveLength(1);
  });
});

describe('values only known at deployment', () => {
  it('are not checked', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const number = (id: string) => new CfnParameter(stack, id, { type: 'Number' }).valueAsNumber;
    const { template } = serviceIn(stack, {
      serviceName: new CfnParameter(stack, 'Name').valueAsString,
      batchSize: number('BatchSize'),
      maxConcurrency: number('MaxConcurrency'),
      memoryMiB: number('Memory'),
      timeout: seconds(number('Timeout')),
      visibilityTimeout: seconds(number('Visibility')),
      inputRetention: seconds(number('Retention')),
      lifecycle: { uploads: days(number('Age')) },
      recordRetention: days(number('RecordAge')),
      api: {
        maxWait: seconds(number('MaxWait')),
        tenantShare: number('TenantShare'),
        auth: ApiAuth.jwt({
          issuer: new CfnParameter(stack, 'Issuer').valueAsString,
          audience: new CfnParameter(stack, 'Audience').valueAsString,
          tenantClaim: new CfnParameter(stack, 'Claim').valueAsString,
        }),
        corsOrigins: [new CfnParameter(stack, 'Origin').valueAsString],
      },
      uploadPrefix: new CfnParameter(stack, 'Prefix').valueAsString,
    });
    expect(resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').properties).toMatchObject({
      MemorySize: { Ref: 'Memory' },
      Timeout: { Ref: 'Timeout' },
    });
    expect(
      resource(template(), 'AWS::Lambda::EventSourceMapping', 'ServiceProcessor').properties,
    ).toMatchObject({
      BatchSize: { Ref: 'BatchSize' },
      ScalingConfig: { MaximumConcurrency: { Ref: 'MaxConcurrency' } },
    });
    expect(resource(template(), 'AWS::SQS::Queue', 'ServiceInputQueue').properties).toMatchObject({
      VisibilityTimeout: { Ref: 'Visibility' },
      MessageRetentionPeriod: { Ref: 'Retention' },
    });
  });

  it('are refused for what others are computed from', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const maxAttempts = new CfnParameter(stack, 'Attempts', { type: 'Number' }).valueAsNumber;
    expect(problemsIn(() => serviceIn(stack, { maxAttempts }))).toEqual([
      'maxAttempts must be known before deployment: after how many receives SQS moves a message is computed from it',
    ]);
  });

  it("leave the visibility timeout to the user, since it can't be computed", () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const timeout = seconds(new CfnParameter(stack, 'Timeout', { type: 'Number' }).valueAsNumber);
    expect(problemsIn(() => serviceIn(stack, { timeout }))).toEqual([
      'visibilityTimeout must be given where timeout or batchWindow is only known at deployment',
    ]);
  });
});
