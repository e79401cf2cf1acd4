import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ProcessorEnvironment, readEnvironment, writeEnvironment } from '../../lib/core/environment.ts';
import { ConfigurationError } from '../../lib/core/errors.ts';
import { NUMBER_SETTINGS, type NumberSettingName, OUTPUT_FORMATS } from '../../lib/core/settings.ts';

const ENVIRONMENT: ProcessorEnvironment = {
  serviceName: 'service',
  inputQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/input',
  outputQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/output',
  payloadBucket: 'payloads',
  requestTable: 'requests',
  resultPrefix: 'results/',
  disposablePrefix: 'disposable/',
  claimCheckSources: ['payloads/requests/', 'partner'],
  outputFormat: 'cloudevents',
  concurrency: 10,
  visibilityTimeoutSeconds: 360,
  inputRetentionSeconds: 345_600,
  retryBaseSeconds: 2,
  retryCapSeconds: 900,
  inlineLimitBytes: 262_144,
  maxPayloadBytes: 5_368_709_120,
  maxBufferedBytes: 67_108_864,
  maxJsonDepth: 128,
  recordAgeDays: 30,
};

const VARIABLES = {
  COATCHECK_SERVICE_NAME: 'service',
  COATCHECK_INPUT_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/input',
  COATCHECK_OUTPUT_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/output',
  COATCHECK_PAYLOAD_BUCKET: 'payloads',
  COATCHECK_REQUEST_TABLE: 'requests',
  COATCHECK_RESULT_PREFIX: 'results/',
  COATCHECK_DISPOSABLE_PREFIX: 'disposable/',
  COATCHECK_CLAIM_CHECK_SOURCES: 'payloads/requests/ partner',
  COATCHECK_OUTPUT_FORMAT: 'cloudevents',
  COATCHECK_CONCURRENCY: '10',
  COATCHECK_VISIBILITY_TIMEOUT_SECONDS: '360',
  COATCHECK_INPUT_RETENTION_SECONDS: '345600',
  COATCHECK_RETRY_BASE_SECONDS: '2',
  COATCHECK_RETRY_CAP_SECONDS: '900',
  COATCHECK_INLINE_LIMIT_BYTES: '262144',
  COATCHECK_MAX_PAYLOAD_BYTES: '5368709120',
  COATCHECK_MAX_BUFFERED_BYTES: '67108864',
  COATCHECK_MAX_JSON_DEPTH: '128',
  COATCHECK_RECORD_AGE_DAYS: '30',
};

/** Functions of one deployment may run beside a stack of another: the names are a contract. */
test('the variables stay what they are', () => {
  expect(writeEnvironment(ENVIRONMENT)).toEqual(VARIABLES);
});

test('what is written is what is read', () => {
  const texts = fc.string({ minLength: 1 }).filter((text) => text.trim() !== '');
  const number = (name: NumberSettingName) =>
    fc.integer({ min: NUMBER_SETTINGS[name].min, max: NUMBER_SETTINGS[name].max });
  const environments: fc.Arbitrary<ProcessorEnvironment> = fc.record({
    serviceName: texts,
    inputQueueUrl: texts,
    outputQueueUrl: texts,
    payloadBucket: texts,
    requestTable: texts,
    resultPrefix: texts,
    disposablePrefix: texts,
    claimCheckSources: fc.array(fc.stringMatching(/^[a-z][a-z0-9./-]+$/), { minLength: 1 }),
    outputFormat: fc.constantFrom(...OUTPUT_FORMATS),
    concurrency: number('concurrency'),
    visibilityTimeoutSeconds: number('visibilityTimeoutSeconds'),
    inputRetentionSeconds: number('inputRetentionSeconds'),
    retryBaseSeconds: number('retryBaseSeconds'),
    retryCapSeconds: number('retryCapSeconds'),
    inlineLimitBytes: number('inlineLimitBytes'),
    maxPayloadBytes: number('maxPayloadBytes'),
    maxBufferedBytes: number('maxBufferedBytes'),
    maxJsonDepth: number('maxJsonDepth'),
    recordAgeDays: number('recordAgeDays'),
  });
  fc.assert(
    fc.property(environments, (environment) => {
      expect(readEnvironment({ OTHER: 'x', ...writeEnvironment(environment) })).toEqual(environment);
    }),
  );
});

function problemsOf(variables: Readonly<Record<string, string | undefined>>): string {
  try {
    readEnvironment(variables);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('one problem is told alone:', () => {
  test.each(Object.keys(VARIABLES))('%s missing', (name) => {
    expect(problemsOf({ ...VARIABLES, [name]: undefined })).toBe(
      `The processor's environment is not usable: ${name} must be set, got nothing`,
    );
  });

  test.each([
    ['COATCHECK_SERVICE_NAME', ' ', 'COATCHECK_SERVICE_NAME must be set, got nothing'],
    ['COATCHECK_CLAIM_CHECK_SOURCES', ' ', 'COATCHECK_CLAIM_CHECK_SOURCES must be set, got nothing'],
    ['COATCHECK_OUTPUT_FORMAT', 'xml', 'COATCHECK_OUTPUT_FORMAT must be one of cloudevents, raw, got xml'],
    [
      'COATCHECK_CONCURRENCY',
      'ten',
      'COATCHECK_CONCURRENCY must be a whole number of requests from 1 to 400, got ten',
    ],
    [
      'COATCHECK_CONCURRENCY',
      '',
      'COATCHECK_CONCURRENCY must be a whole number of requests from 1 to 400, got ',
    ],
    [
      'COATCHECK_CONCURRENCY',
      '0',
      'COATCHECK_CONCURRENCY must be a whole number of requests from 1 to 400, got 0',
    ],
    [
      'COATCHECK_RETRY_BASE_SECONDS',
      '1.5',
      'COATCHECK_RETRY_BASE_SECONDS must be a whole number of seconds from 1 to 43200, got 1.5',
    ],
    [
      'COATCHECK_INLINE_LIMIT_BYTES',
      '1000001',
      'COATCHECK_INLINE_LIMIT_BYTES must be a whole number of bytes from 0 to 1000000, got 1000001',
    ],
    [
      'COATCHECK_MAX_JSON_DEPTH',
      'Infinity',
      'COATCHECK_MAX_JSON_DEPTH must be a whole number of levels from 1 to 1000, got Infinity',
    ],
  ])('%s set to %j', (name, value, problem) => {
    expect(problemsOf({ ...VARIABLES, [name]: value })).toBe(
      `The processor's environment is not usable: ${problem}`,
    );
  });
});

test('several problems are told at once', () => {
  const message = problemsOf({});
  for (const name of Object.keys(VARIABLES)) expect(message).toContain(`${name} must be set, got nothing`);
});
