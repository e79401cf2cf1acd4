import { describe, expect, test } from 'vitest';
import { ENGINE_DEFAULTS } from '../../../lib/core/config/engine-settings.ts';
import { readWorkerEnvironment, workerVariableNames } from '../../../lib/core/config/worker-environment.ts';

const QUEUES = {
  COATCHECK_INPUT: 'nats://127.0.0.1/?stream=in',
  COATCHECK_OUTPUT: 'nats://127.0.0.1/?stream=out',
};

test('a worker needs an input and an output; the rest has the defaults of a deployed service', () => {
  const environment = readWorkerEnvironment({ ...QUEUES, COATCHECK_PREFETCH: '' });
  expect(environment).toMatchObject({
    inputUrl: QUEUES.COATCHECK_INPUT,
    outputUrl: QUEUES.COATCHECK_OUTPUT,
    deadLettersUrl: '',
    payloadsUrl: 'file:.coatcheck/payloads',
    recordsUrl: 'sqlite:.coatcheck/records.db',
    serviceName: 'coatcheck',
    concurrency: 10,
    prefetch: 10,
    graceSeconds: 25,
    statusPort: 8080,
    tracing: 'off',
    failureRatePercent: undefined,
    maxAttempts: ENGINE_DEFAULTS.maxAttempts,
    inlineLimitBytes: ENGINE_DEFAULTS.inlineLimitBytes,
  });
});

test('every variable that is missing or out of range is named, with what is allowed', () => {
  const variables = {
    COATCHECK_INPUT: 'nats://127.0.0.1',
    COATCHECK_CONCURRENCY: '0',
    COATCHECK_PREFETCH: 'many',
    COATCHECK_GRACE_SECONDS: '1.5',
    COATCHECK_TRACING: 'on',
  };
  expect(() => readWorkerEnvironment(variables)).toThrow(
    "The worker's environment is not usable: COATCHECK_OUTPUT must be set, got nothing; " +
      'COATCHECK_CONCURRENCY must be a whole number of requests from 1 to 10000, got 0; ' +
      'COATCHECK_PREFETCH must be a whole number of messages from 0 to 10000, got "many"; ' +
      'COATCHECK_GRACE_SECONDS must be a whole number of seconds from 1 to 86400, got "1.5"; ' +
      'COATCHECK_TRACING must be one of off, otlp, xray, got "on"',
  );
});

test.each(['1e1', '0x10', '+5', ' 5 ', '5 ', '5.0', '1_0', '٥'])('the number %j is refused', (text) => {
  expect(() => readWorkerEnvironment({ ...QUEUES, COATCHECK_CONCURRENCY: text })).toThrow(
    `COATCHECK_CONCURRENCY must be a whole number of requests from 1 to 10000, got "${text}"`,
  );
});

test('a worker may keep order', () => {
  expect(readWorkerEnvironment(QUEUES)).toMatchObject({ order: 'none', onExhausted: 'skip' });
  const COATCHECK_ON_EXHAUSTED = 'block';
  expect(readWorkerEnvironment({ ...QUEUES, COATCHECK_ORDER: 'fifo', COATCHECK_ON_EXHAUSTED })).toMatchObject(
    { order: 'fifo', onExhausted: 'block' },
  );
  expect(() => readWorkerEnvironment({ ...QUEUES, COATCHECK_ON_EXHAUSTED })).toThrow(
    'COATCHECK_ON_EXHAUSTED needs COATCHECK_ORDER=fifo, got block without it: no request waits for another',
  );
});

describe('lanes', () => {
  const lanes = {
    ...QUEUES,
    COATCHECK_INPUT_HIGH: 'nats://127.0.0.1/?stream=high',
    COATCHECK_INPUT_LOW: 'nats://127.0.0.1/?stream=low',
  };

  test('are queues of the same kind', () => {
    expect(readWorkerEnvironment(lanes)).toMatchObject({
      highInputUrl: lanes.COATCHECK_INPUT_HIGH,
      lowInputUrl: lanes.COATCHECK_INPUT_LOW,
    });
    expect(() => readWorkerEnvironment({ ...lanes, COATCHECK_INPUT_LOW: 'redis://u:secret@h/0' })).toThrow(
      /^COATCHECK_INPUT_LOW must be a queue of the same kind as COATCHECK_INPUT, nats:, got (?!.*secret)/,
    );
  });

  test('are different queues', () => {
    expect(() => readWorkerEnvironment({ ...lanes, COATCHECK_INPUT_HIGH: QUEUES.COATCHECK_INPUT })).toThrow(
      'COATCHECK_INPUT, COATCHECK_INPUT_HIGH, COATCHECK_INPUT_LOW must each be another queue, got',
    );
  });

  test('keep no order', () => {
    expect(() => readWorkerEnvironment({ ...lanes, COATCHECK_ORDER: 'fifo' })).toThrow(
      "COATCHECK_INPUT_HIGH can't be set with COATCHECK_ORDER=fifo",
    );
  });
});

test('events in binary mode need an output with a binding for them', () => {
  const COATCHECK_OUTPUT_FORMAT = 'cloudevents-binary';
  expect(readWorkerEnvironment({ ...QUEUES, COATCHECK_OUTPUT_FORMAT })).toMatchObject({
    outputFormat: 'cloudevents-binary',
  });
  const COATCHECK_OUTPUT = 'https://sqs.eu-central-1.amazonaws.com/123456789012/out';
  expect(() => readWorkerEnvironment({ ...QUEUES, COATCHECK_OUTPUT, COATCHECK_OUTPUT_FORMAT })).toThrow(
    'can be cloudevents-binary only for outputs of amqp, amqps, kafka, kafkas, nats, pubsub, tls, got COATCHECK_OUTPUT of https',
  );
});

test.each(['{id}', '%7Bid%7D'])(
  'a subject for each request (%s) needs a format whose headers have the id',
  (id) => {
    const given = { ...QUEUES, COATCHECK_OUTPUT: `nats://127.0.0.1?subject=outcomes.${id}` };
    expect(readWorkerEnvironment({ ...given, COATCHECK_OUTPUT_FORMAT: 'truefoundry' })).toMatchObject({
      outputFormat: 'truefoundry',
    });
    expect(() => readWorkerEnvironment(given)).toThrow('COATCHECK_OUTPUT can have {id} only with');
  },
);

test('no two values travel in one variable', () => {
  const names = Object.values(workerVariableNames());
  expect(new Set(names).size).toBe(names.length);
});

describe('webhooks', () => {
  const COATCHECK_WEBHOOK_SECRETS = 'whsec_one whsec_two';
  const COATCHECK_WEBHOOK_QUEUE_URL = 'https://sqs.eu-central-1.amazonaws.com/123456789012/webhooks';
  const inTable = { ...QUEUES, COATCHECK_RECORDS: 'dynamodb://requests' };

  test('are off without a secret and without a queue', () => {
    expect(readWorkerEnvironment(QUEUES)).toMatchObject({ callbacks: 'off', webhookSecrets: [] });
  });

  test('with records in a file, are delivered with secrets', () => {
    expect(readWorkerEnvironment({ ...QUEUES, COATCHECK_WEBHOOK_SECRETS })).toMatchObject({
      webhookSecrets: ['whsec_one', 'whsec_two'],
      callbacks: 'public',
      callbackPorts: [443, 8443],
      webhookEvents: ['succeeded', 'failed', 'cancelled', 'expired'],
    });
  });

  test('with records in DynamoDB, go to the queue of a deployed service', () => {
    const variables = { ...inTable, COATCHECK_WEBHOOK_QUEUE_URL, COATCHECK_CALLBACK_PORTS: '443' };
    expect(readWorkerEnvironment(variables)).toMatchObject({
      webhookQueueUrl: COATCHECK_WEBHOOK_QUEUE_URL,
      callbacks: 'public',
      callbackPorts: [443],
    });
  });

  test.each([
    [
      'secrets with records in DynamoDB',
      { ...inTable, COATCHECK_WEBHOOK_SECRETS },
      'set COATCHECK_WEBHOOK_QUEUE_URL',
    ],
    [
      'a queue with records in a file',
      { ...QUEUES, COATCHECK_WEBHOOK_QUEUE_URL },
      'set COATCHECK_WEBHOOK_SECRETS',
    ],
    [
      'a setting of webhooks without webhooks',
      { ...QUEUES, COATCHECK_WEBHOOK_EVENTS: 'failed', COATCHECK_WEBHOOK_ENDPOINTS: 'on' },
      'COATCHECK_WEBHOOK_EVENTS, COATCHECK_WEBHOOK_ENDPOINTS can be set only for a worker that sends webhooks',
    ],
  ])('%s: the error says what to do, without quoting a secret', (_, variables, expected) => {
    const reading = () => readWorkerEnvironment(variables);
    expect(reading).toThrow(expected);
    expect(reading).not.toThrow('whsec_');
  });
});
