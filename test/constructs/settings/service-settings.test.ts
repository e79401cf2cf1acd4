import { resolve } from 'node:path';
import { CfnParameter, Duration, Size, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiAuth, type AsyncServiceProps } from '../../../lib/constructs/index.ts';
import { ConfigurationError } from '../../../lib/core/base/errors.ts';
import { emptyApp, resource, serviceIn, serviceInApp } from '../service-in-app.ts';

/** The problems that the construct reports with these props. */
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
    expect(first).toBe('The props of Stack/Service are invalid:');
    return problems;
  }
}

const { seconds, hours, days } = Duration;

describe('a number out of range', () => {
  it.each<[Partial<AsyncServiceProps>, string]>([
    [
      { queue: { batchSize: 0 } },
      'queue.batchSize must be a whole number of messages from 1 to 10000, got 0',
    ],
    [
      { queue: { batchWindow: seconds(301) } },
      'queue.batchWindow must be a whole number of seconds from 0 to 300, got 301',
    ],
    [
      { queue: { batchWindow: Duration.millis(1_500) } },
      'queue.batchWindow must be a whole number of seconds from 0 to 300, got 1.5',
    ],
    [
      { queue: { maxConcurrency: 1 } },
      'queue.maxConcurrency must be a whole number of batches from 2 to 1000, got 1',
    ],
    [
      { queue: { pollers: { min: 1, max: 2 } } },
      'queue.pollers.min must be a whole number of pollers from 2 to 200, got 1',
    ],
    [
      { queue: { pollers: { min: 201, max: 201 } } },
      'queue.pollers.min must be a whole number of pollers from 2 to 200, got 201',
    ],
    [
      { queue: { pollers: { min: 2, max: 2_001 } } },
      'queue.pollers.max must be a whole number of pollers from 2 to 2000, got 2001',
    ],
    [
      { function: { requestConcurrency: 0 } },
      'function.requestConcurrency must be a whole number of requests from 1 to 400, got 0',
    ],
    [
      { function: { requestConcurrency: 401 } },
      'function.requestConcurrency must be a whole number of requests from 1 to 400, got 401',
    ],
    [
      { function: { reservedConcurrency: 20_001 } },
      'function.reservedConcurrency must be a whole number of invocations from 2 to 20000, got 20001',
    ],
    [
      { function: { ephemeralStorage: Size.mebibytes(511) } },
      'function.ephemeralStorage must be a whole number of MiB from 512 to 10240, got 511',
    ],
    [
      { function: { ephemeralStorage: Size.kibibytes(1_023_999) } },
      `function.ephemeralStorage must be a whole number of MiB from 512 to 10240, got ${1_023_999 / 1_024}`,
    ],
    [
      { function: { ephemeralStorage: Size.gibibytes(11) } },
      'function.ephemeralStorage must be a whole number of MiB from 512 to 10240, got 11264',
    ],
    [
      { function: { memoryMiB: 64 } },
      'function.memoryMiB must be a whole number of MiB from 128 to 10240, got 64',
    ],
    [
      { function: { timeout: seconds(2) } },
      'function.timeout must be a whole number of seconds from 3 to 900, got 2',
    ],
    [
      {
        queue: { visibilityTimeout: hours(13), retention: days(13) },
        payloads: { lifecycle: { replacedUploads: days(13) } },
      },
      'queue.visibilityTimeout must be a whole number of seconds from 1 to 43200, got 46800',
    ],
    [
      { queue: { retention: days(14) }, payloads: { lifecycle: { replacedUploads: days(14) } } },
      'queue.retention must be a whole number of seconds from 60 to 1209599, got 1209600',
    ],
    [
      { retry: { maxAttempts: 2.5 } },
      'retry.maxAttempts must be a whole number of attempts from 1 to 400, got 2.5',
    ],
    [
      { retry: { baseDelay: seconds(0) } },
      'retry.baseDelay must be a whole number of seconds from 1 to 43200, got 0',
    ],
    [
      { retry: { maxDelay: hours(13) } },
      'retry.maxDelay must be a whole number of seconds from 1 to 43200, got 46800',
    ],
    [
      { output: { inlineLimitBytes: 1_048_576 } },
      'output.inlineLimitBytes must be a whole number of bytes from 0 to 1000000, got 1048576',
    ],
    [
      { payloads: { maxBytes: 0 } },
      'payloads.maxBytes must be a whole number of bytes from 1 to 50000000000000, got 0',
    ],
    [
      { payloads: { maxBufferedBytes: 2 ** 30 } },
      'payloads.maxBufferedBytes must be a whole number of bytes from 1 to 536870888, got 1073741824',
    ],
    [
      { payloads: { maxJsonDepth: 1_001 } },
      'payloads.maxJsonDepth must be a whole number of levels from 1 to 1000, got 1001',
    ],
    [
      { output: { queue: { retention: seconds(59) } } },
      'output.queue.retention must be a whole number of seconds from 60 to 1209599, got 59',
    ],
    [
      { output: { queue: { visibilityTimeout: seconds(0) } } },
      'output.queue.visibilityTimeout must be a whole number of seconds from 1 to 43200, got 0',
    ],
    [
      { output: { queue: { maxReceiveCount: 0 } } },
      'output.queue.maxReceiveCount must be a whole number of receives from 1 to 1000, got 0',
    ],
    [
      { observability: { oldestRequestAlarm: seconds(30) } },
      'observability.oldestRequestAlarm must be a whole number of seconds from 60 to 1209600, got 30',
    ],
    [
      { payloads: { lifecycle: { uploads: hours(132) } } },
      'payloads.lifecycle.uploads must be a whole number of days from 1 to 36500, got 5.5',
    ],
    [
      { payloads: { lifecycle: { results: days(36_501) } } },
      'payloads.lifecycle.results must be a whole number of days from 1 to 36500, got 36501',
    ],
    [
      { payloads: { lifecycle: { consumerCopies: days(36_501) } } },
      'payloads.lifecycle.consumerCopies must be a whole number of days from 1 to 36500, got 36501',
    ],
    [
      { payloads: { lifecycle: { replacedUploads: days(36_501) } } },
      'payloads.lifecycle.replacedUploads must be a whole number of days from 1 to 36500, got 36501',
    ],
    [
      { records: { retention: days(36_501) } },
      'records.retention must be a whole number of days from 1 to 36500, got 36501',
    ],
    [
      { records: { metadata: ['customer', 'order', 'customer'] } },
      'records.metadata must have different names, got customer twice',
    ],
    [
      // Programs in JavaScript may pass anything.
      { records: { metadata: JSON.parse('null') } },
      'records.metadata must be left out or have a value, got null',
    ],
    [
      { payloads: { lifecycle: { incompleteUploads: days(0) } } },
      'payloads.lifecycle.incompleteUploads must be a whole number of days from 1 to 36500, got 0',
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
      { queue: { batchSize: 11 } },
      'queue.batchWindow must be at least 1 second (which Lambda requires for a queue.batchSize of 11), got 0',
    ],
    [
      'a message must stay hidden while it is being processed',
      { function: { timeout: seconds(30) }, queue: { visibilityTimeout: seconds(29) } },
      'queue.visibilityTimeout must be at least 30 seconds (function.timeout + queue.batchWindow), got 29: a message would be delivered again while it is being processed',
    ],
    [
      'and while its batch fills',
      {
        function: { timeout: seconds(30) },
        queue: { batchWindow: seconds(10), visibilityTimeout: seconds(39) },
      },
      'queue.visibilityTimeout must be at least 40 seconds (function.timeout + queue.batchWindow), got 39: a message would be delivered again while it is being processed',
    ],
    [
      'delays grow',
      { retry: { baseDelay: seconds(10), maxDelay: seconds(9) } },
      'retry.maxDelay must be at least 10 seconds (retry.baseDelay), got 9',
    ],
    [
      'a message must outlast its attempts',
      { retry: { maxAttempts: 10, maxDelay: seconds(500) }, queue: { retention: seconds(4_999) } },
      'queue.retention must be at least 5000 seconds (retry.maxAttempts × the longer of retry.maxDelay and queue.visibilityTimeout), got 4999: a message could expire before its last attempt',
    ],
    [
      'payloads must outlast their messages',
      { payloads: { lifecycle: { uploads: days(3) } } },
      'payloads.lifecycle.uploads must be at least 4 days (queue.retention), got 3',
    ],
    [
      'overwritten payloads too',
      { queue: { retention: Duration.hours(121) } },
      'payloads.lifecycle.replacedUploads must be at least 6 days (queue.retention), got 5',
    ],
    [
      'results must outlast their outcomes',
      { output: { queue: { retention: days(5) } }, payloads: { lifecycle: { results: days(4) } } },
      'payloads.lifecycle.results must be at least 5 days (output.queue.retention), got 4',
    ],
    [
      'consumer copies too',
      { output: { queue: { retention: days(5) } }, payloads: { lifecycle: { consumerCopies: days(4) } } },
      'payloads.lifecycle.consumerCopies must be at least 5 days (output.queue.retention), got 4',
    ],
    [
      'records must outlast messages that can be redriven',
      { queue: { retention: Duration.hours(73) }, records: { retention: days(17) } },
      'records.retention must be at least 18 days (queue.retention + the 14 days of the dead-letter queue), got 17',
    ],
    [
      'pollers have one range',
      { queue: { pollers: { min: 5, max: 4 } } },
      'queue.pollers.max must be at least 5 pollers (queue.pollers.min), got 4',
    ],
    [
      'pollers limit the concurrency themselves',
      { queue: { pollers: { min: 2, max: 5 }, maxConcurrency: 50 } },
      'queue.maxConcurrency must not be set if queue.pollers is, got 50: Lambda accepts one of them. queue.pollers.max limits the concurrency to 10 batches a poller',
    ],
    [
      'all batches of pollers must find reserved concurrency',
      { function: { reservedConcurrency: 49 }, queue: { pollers: { min: 2, max: 5 } } },
      'function.reservedConcurrency must be at least 50 invocations (10 × queue.pollers.max), got 49: Lambda would throttle the other batches, and each throttled delivery counts as a receive. Raise it, or lower queue.pollers.max',
    ],
    [
      'all batches must find reserved concurrency',
      { function: { reservedConcurrency: 499 } },
      'function.reservedConcurrency must be at least 500 invocations (queue.maxConcurrency), got 499: Lambda would throttle the other batches, and each throttled delivery counts as a receive. Raise it, or lower queue.maxConcurrency',
    ],
  ])('%s', (_, props, problem) => {
    expect(problemsOf(props)).toEqual([problem]);
  });

  it.each<[string, Partial<AsyncServiceProps>]>([
    [
      'as much reserved concurrency as the batches of pollers',
      { function: { reservedConcurrency: 20 }, queue: { pollers: { min: 2, max: 2 } } },
    ],
    [
      'as much reserved concurrency as batches',
      { function: { reservedConcurrency: 9 }, queue: { maxConcurrency: 9 } },
    ],
    ['a large batch with a window', { queue: { batchSize: 11, batchWindow: seconds(1) } }],
    [
      'a visibility timeout equal to the timeout',
      { function: { timeout: seconds(30) }, queue: { visibilityTimeout: seconds(30) } },
    ],
    ['equal delays', { retry: { baseDelay: seconds(10), maxDelay: seconds(10) } }],
    [
      'just enough time for all attempts',
      { retry: { maxAttempts: 10, maxDelay: seconds(500) }, queue: { retention: seconds(5_000) } },
    ],
    [
      'records that last as long as messages',
      { queue: { retention: days(2) }, records: { retention: days(16) } },
    ],
    [
      'objects that last as long as messages',
      {
        payloads: {
          lifecycle: {
            uploads: days(4),
            replacedUploads: days(4),
            results: days(4),
            consumerCopies: days(4),
          },
        },
      },
    ],
    ['the longest delays', { retry: { baseDelay: hours(12), maxDelay: hours(12) } }],
  ])('accepts %s', (_, props) => {
    expect(problemsOf(props)).toEqual([]);
  });
});

describe('a prefix', () => {
  const malformed = (path: string, value: string) =>
    `${path} must be folders, each followed by a slash, of up to 128 letters, digits and _ . - / in all, got ${JSON.stringify(value)}`;

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
  ])('rejects %j', (prefix) => {
    expect(problemsOf({ payloads: { prefixes: { uploads: prefix } } })).toContain(
      malformed('payloads.prefixes.uploads', prefix),
    );
    expect(problemsOf({ payloads: { prefixes: { payloads: prefix } } })).toContain(
      malformed('payloads.prefixes.payloads', prefix),
    );
    expect(problemsOf({ payloads: { prefixes: { results: prefix } } })).toContain(
      malformed('payloads.prefixes.results', prefix),
    );
    expect(problemsOf({ payloads: { prefixes: { consumerCopies: prefix } } })).toContain(
      malformed('payloads.prefixes.consumerCopies', prefix),
    );
  });

  it.each(['a/', 'team-1/in.v2/', 'A_b/c/'])('accepts %j', (prefix) => {
    expect(problemsOf({ payloads: { prefixes: { uploads: prefix } } })).toEqual([]);
  });

  const newRequest = 'every object under the upload prefix starts a request';
  const keptApart = 'they have different lifecycles and readers';
  it.each<[Partial<AsyncServiceProps>, string]>([
    [
      { payloads: { prefixes: { results: 'requests/results/' } } },
      `payloads.prefixes.results must not be under payloads.prefixes.uploads, got requests/results/ under requests/: ${newRequest}`,
    ],
    [
      { payloads: { prefixes: { results: 'requests/' } } },
      `payloads.prefixes.results must not be under payloads.prefixes.uploads, got requests/ under requests/: ${newRequest}`,
    ],
    [
      { payloads: { prefixes: { uploads: 'all/in/', results: 'all/' } } },
      `payloads.prefixes.uploads must not be under payloads.prefixes.results, got all/in/ under all/: ${newRequest}`,
    ],
    [
      { payloads: { prefixes: { consumerCopies: 'requests/copies/' } } },
      `payloads.prefixes.consumerCopies must not be under payloads.prefixes.uploads, got requests/copies/ under requests/: ${newRequest}`,
    ],
    [
      { payloads: { prefixes: { payloads: 'requests/by-reference/' } } },
      `payloads.prefixes.payloads must not be under payloads.prefixes.uploads, got requests/by-reference/ under requests/: ${newRequest}`,
    ],
    [
      { payloads: { prefixes: { consumerCopies: 'results/copies/' } } },
      `payloads.prefixes.consumerCopies must not be under payloads.prefixes.results, got results/copies/ under results/: ${keptApart}`,
    ],
  ])('must not be under another prefix: %j', (props, problem) => {
    expect(problemsOf(props)).toEqual([problem]);
  });

  it('can begin like another', () => {
    expect(problemsOf({ payloads: { prefixes: { results: 'requests-done/' } } })).toEqual([]);
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
    [
      { version: 'release 7' },
      'version must have 1 to 128 letters, digits and . _ + : -, and start with a letter or digit, got "release 7"',
    ],
    [{ serviceName: '' }, 'serviceName must have 1 to 256 letters, digits and _ . - / :, got ""'],
    [
      { function: { environment: { COATCHECK_CONCURRENCY: '3' } } },
      'function.environment.COATCHECK_CONCURRENCY must not be set, because the service sets it, got "3"',
    ],
    [
      { function: { environment: { POWERTOOLS_SERVICE_NAME: 'x' } } },
      'function.environment.POWERTOOLS_SERVICE_NAME must not be set, because the service sets it, got "x"',
    ],
  ])('%j', (props, problem) => {
    expect(problemsOf(props)).toEqual([problem]);
  });

  it('lists the output formats', () => {
    const untyped: object = { output: { format: 'xml' } };
    expect(problemsOf(untyped)).toEqual([
      expect.stringMatching(/^output\.format must be one of cloudevents, raw.*, got "xml"$/),
    ]);
  });

  it('names the payload source', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const bucket = Bucket.fromBucketName(stack, 'Partner', 'partner-bucket');
    const sources = [{ bucket }, { bucket, prefix: 'no-slash' }];
    expect(problemsIn(() => serviceIn(stack, { payloads: { sources } }))).toEqual([
      expect.stringMatching(/^payloads\.sources\[1\]\.prefix must be folders.*got "no-slash"$/),
    ]);
  });
});

describe('an existing output queue', () => {
  it('A1: must accept messages that fit a failure', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const outputQueue = new Queue(stack, 'Own', { maxMessageSizeBytes: 4_096 });
    expect(problemsIn(() => serviceIn(stack, { output: { queue: outputQueue } }))).toEqual([
      'output.queue must accept messages of at least 8192 bytes, so that every failure fits, got a MaximumMessageSize of 4096',
    ]);
  });

  it("can't be a FIFO queue", () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const outputQueue = Queue.fromQueueArn(stack, 'Own', 'arn:aws:sqs:us-east-1:123456789012:own.fifo');
    expect(problemsIn(() => serviceIn(stack, { output: { queue: outputQueue } }))).toEqual([
      "output.queue must be a standard queue, got the FIFO queue own.fifo: a service sends to one only with order: 'fifo'",
    ]);
  });
});

it('reports all problems at once', () => {
  expect(
    problemsOf({
      queue: { batchSize: 0 },
      function: { memoryMiB: 1 },
      payloads: { prefixes: { results: 'requests/' } },
      handler: '',
    }),
  ).toHaveLength(4);
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
  ])('can be open to anyone only on an emulator: %s', (endpoint, problems) => {
    vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
    expect(problemsOf({ api: { auth: ApiAuth.none() } })).toEqual(problems);
  });

  it('can be open to anyone on AWS with openToAnyone', () => {
    expect(problemsOf({ api: { auth: ApiAuth.none({ openToAnyone: true }) } })).toEqual([]);
    expect(problemsOf({ api: { auth: ApiAuth.none({ openToAnyone: false }) } })).toEqual(open);
  });

  const issuer = 'https://issuer.example.com';
  it.each<[Parameters<typeof ApiAuth.jwt>[0], string]>([
    [
      { issuer: 'issuer.example.com', audience: 'a' },
      `api.auth.issuer must be an https URL, got "issuer.example.com"`,
    ],
    [
      { issuer: 'http://127.0.0.1:8080', audience: 'a' },
      `api.auth.issuer must be an https URL, got "http://127.0.0.1:8080"`,
    ],
    [{ issuer, audience: [] }, `api.auth.audience must be one or more names, got []`],
    [{ issuer, audience: ['a', ' '] }, `api.auth.audience must be one or more names, got ["a"," "]`],
    [
      { issuer, audience: 'a', tenantClaim: 'the tenant' },
      `api.auth.tenantClaim must have up to 256 characters and no spaces, got "the tenant"`,
    ],
    [
      { issuer, audience: 'a', operators: { claim: '', value: 'operators' } },
      'api.auth.operators.claim must have 1 to 256 characters and no spaces, got ""',
    ],
    [
      { issuer, audience: 'a', operators: { claim: 'roles', value: '[a b]' } },
      'api.auth.operators.value must have 1 to 256 characters and no spaces, commas, quotes or square brackets, got "[a b]"',
    ],
  ])('rejects the options of a token: %j', (options, problem) => {
    expect(problemsOf({ api: { auth: ApiAuth.jwt(options) } })).toEqual([problem]);
  });

  it('can have an issuer on the same machine with an emulator', () => {
    onEmulator();
    const auth = ApiAuth.jwt({
      issuer: 'http://127.0.0.1:8080',
      audience: 'a',
      tenantClaim: 'custom:tenant',
      operators: { claim: 'https://example.com/roles', value: 'coatcheck-operators' },
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
  ])('rejects the origin %j', (origin) => {
    expect(problemsOf({ api: { corsOrigins: ['https://app.example.com', origin] } })).toEqual([
      `api.corsOrigins[1] must be * or an origin such as https://app.example.com, got ${JSON.stringify(origin)}`,
    ]);
  });

  it.each(['*', 'https://app.example.com', 'http://localhost:5173'])('accepts the origin %j', (origin) => {
    expect(problemsOf({ api: { corsOrigins: [origin] } })).toEqual([]);
  });

  it("doesn't accept a request that could expire before it is processed", () => {
    const inputRetention = seconds(3_600);
    const fitting = { queue: { retention: inputRetention }, retry: { maxAttempts: 1 } };
    expect(problemsOf({ ...fitting, api: { maxWait: seconds(3_601) } })).toEqual([
      'api.maxWait must be at most 3600 seconds (queue.retention), got 3601: a request could expire before it is processed',
    ]);
    expect(problemsOf({ ...fitting, api: { maxWait: seconds(3_600) } })).toEqual([]);
  });

  it('limits the retention of the queue only if there is an API', () => {
    const short = { queue: { retention: seconds(400) }, retry: { maxAttempts: 1, maxDelay: seconds(300) } };
    expect(problemsOf(short)).toEqual([]);
    expect(problemsOf({ ...short, api: {} })).toHaveLength(1);
  });
});

describe('values that are only known at deployment', () => {
  it('aren’t checked', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const number = (id: string) => new CfnParameter(stack, id, { type: 'Number' }).valueAsNumber;
    const { template } = serviceIn(stack, {
      serviceName: new CfnParameter(stack, 'Name').valueAsString,
      queue: {
        batchSize: number('BatchSize'),
        maxConcurrency: number('MaxConcurrency'),
        visibilityTimeout: seconds(number('Visibility')),
        retention: seconds(number('Retention')),
      },
      function: { memoryMiB: number('Memory'), timeout: seconds(number('Timeout')) },
      payloads: {
        lifecycle: { uploads: days(number('Age')) },
        prefixes: { uploads: new CfnParameter(stack, 'Prefix').valueAsString },
      },
      records: { retention: days(number('RecordAge')) },
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

  it('are rejected if other values are computed from them', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const maxAttempts = new CfnParameter(stack, 'Attempts', { type: 'Number' }).valueAsNumber;
    expect(problemsIn(() => serviceIn(stack, { retry: { maxAttempts } }))).toEqual([
      'retry.maxAttempts must be known before deployment: the maxReceiveCount of the input queue is computed from it',
    ]);
    const other = new Stack(emptyApp(), 'Stack');
    const max = new CfnParameter(other, 'Pollers', { type: 'Number' }).valueAsNumber;
    expect(problemsIn(() => serviceIn(other, { queue: { pollers: { min: 2, max } } }))).toEqual([
      'queue.pollers must be known before deployment: the concurrency of the service is computed from it',
    ]);
  });

  it("need an explicit visibility timeout if it can't be computed", () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const timeout = seconds(new CfnParameter(stack, 'Timeout', { type: 'Number' }).valueAsNumber);
    expect(problemsIn(() => serviceIn(stack, { function: { timeout } }))).toEqual([
      'queue.visibilityTimeout must be set if function.timeout or queue.batchWindow is only known at deployment',
    ]);
  });
});
