import { expect, test } from 'vitest';
import { checkInputQueue, checkOutputQueue } from '../../../lib/brokers/amqp/queue.ts';
import { ConfigurationError } from '../../../lib/core/base/errors.ts';

const QUORUM = { 'x-queue-type': 'quorum' } as const;
const SETTINGS = { maxAttempts: 5, hasPolicyLimit: false } as const;

test.each([
  ['a limit far above the attempts', { ...QUORUM, 'x-delivery-limit': 100 }, '4.3.6', SETTINGS],
  ['no limit on RabbitMQ 4', { ...QUORUM, 'x-delivery-limit': -1 }, '4.3.6', SETTINGS],
  ['no limit on RabbitMQ 3', QUORUM, '3.10.8', SETTINGS],
  ['a limit by policy', QUORUM, '4.0.5', { ...SETTINGS, hasPolicyLimit: true }],
  [
    'one active worker',
    { ...QUORUM, 'x-single-active-consumer': true },
    '3.10.8',
    { ...SETTINGS, ordered: true },
  ],
  [
    'a length that refuses',
    { ...QUORUM, 'x-max-length': 9, 'x-overflow': 'reject-publish' },
    '3.13.0',
    SETTINGS,
  ],
])('an input queue may have %s', (_, declared, version, settings) => {
  expect(() => checkInputQueue('q', declared, version, settings)).not.toThrow();
});

test.each([
  ['is a classic queue', {}, '3.10.8', SETTINGS],
  ['is a stream queue', { 'x-queue-type': 'stream' }, '3.10.8', SETTINGS],
  ['has the delivery limit 20, less than 100', QUORUM, '4.0.5', SETTINGS],
  ['has the delivery limit 99, less than 100', { ...QUORUM, 'x-delivery-limit': 99 }, '3.10.8', SETTINGS],
  [
    'has the delivery limit 100, less than 200',
    { ...QUORUM, 'x-delivery-limit': 100 },
    '4.0.5',
    { ...SETTINGS, maxAttempts: 20 },
  ],
  ['delivers to several workers at a time', QUORUM, '3.10.8', { ...SETTINGS, ordered: true }],
  ['has x-expires', { ...QUORUM, 'x-expires': 1_000 }, '3.10.8', SETTINGS],
  ['drops its oldest messages', { ...QUORUM, 'x-max-length-bytes': 9 }, '3.10.8', SETTINGS],
])('an input queue is refused that %s', (problem, declared, version, settings) => {
  const check = () => checkInputQueue('q', declared, version, settings);
  expect(check).toThrow(ConfigurationError);
  expect(check).toThrow(problem);
});

test('an output queue may be of any type, and must not drop messages', () => {
  expect(() => checkOutputQueue('q', {})).not.toThrow();
  expect(() => checkOutputQueue('q', { 'x-max-length': 9 })).toThrow(
    'Declare it with x-overflow = reject-publish',
  );
});
