import { expect, test } from 'vitest';
import { hideLogin } from '../../../lib/core/base/hide-login.ts';

test.each([
  ['amqp://user:secret@host/vhost?queue=q', 'amqp://…@host/vhost?queue=q'],
  // A user name alone is a token to NATS.
  ['nats://secret@host:4222?stream=s', 'nats://…@host:4222?stream=s'],
  ['redis://:secret@host', 'redis://…@host'],
  // Malformed: the password isn't percent-encoded.
  ['amqp://user:sec/r@et@host', 'amqp://…@host'],
  ['sqlite:.coatcheck/queues.db?queue=q', 'sqlite:.coatcheck/queues.db?queue=q'],
  [
    'https://sqs.eu-central-1.amazonaws.com/123456789012/q',
    'https://sqs.eu-central-1.amazonaws.com/123456789012/q',
  ],
])('of %s, %s is shown', (url, shown) => {
  expect(hideLogin(url)).toBe(shown);
});
