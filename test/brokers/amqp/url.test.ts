import { describe, expect, test } from 'vitest';
import { describeAddress, parseInputUrl, parseOutputUrl } from '../../../lib/brokers/amqp/url.ts';
import { ConfigurationError } from '../../../lib/core/base/errors.ts';

const input = (url: string) => parseInputUrl(new URL(url));
const output = (url: string) => parseOutputUrl(new URL(url));

test('a URL says where the server is, how to log in and what the queue is', () => {
  expect(input('amqps://me%40x:p%2Fw@Rabbit.example:5999/my%2Fhost?queue=a%20b&heartbeat=5')).toEqual({
    address: {
      protocol: 'amqps',
      hostname: 'Rabbit.example',
      port: 5999,
      vhost: 'my%2Fhost',
      login: { username: 'me@x', password: 'p/w' },
      heartbeatSeconds: 5,
    },
    queue: 'a b',
    hasPolicyLimit: false,
  });
});

test.each([
  ['amqp://rabbit?queue=q', 'amqp://rabbit:5672/'],
  ['amqps://me:secret@rabbit/?queue=q', 'amqps://rabbit:5671/'],
  ['amqp://me:secret@[::1]:1/v?queue=q', 'amqp://[::1]:1/v'],
])('%s is described as %s', (url, described) => {
  expect(describeAddress(input(url).address)).toBe(described);
});

test.each([
  ['amqp://rabbit?queue=q', { exchange: '', routingKey: 'q' }],
  ['amqp://rabbit?exchange=x&routingKey=a.b', { exchange: 'x', routingKey: 'a.b' }],
  ['amqp://rabbit?exchange=x', { exchange: 'x', routingKey: '' }],
])('%s publishes to %o', (url, target) => {
  expect(output(url).target).toEqual(target);
});

describe('refused, with what is wrong', () => {
  test.each([
    [input, 'amqp://rabbit', 'names no queue: add ?queue=NAME'],
    [input, 'amqp://rabbit?queue=', 'a name has 1 to 239 bytes'],
    [input, 'amqp://rabbit?queue=amq.x', 'doesn\'t start with "amq."'],
    [input, `amqp://rabbit?queue=${'q'.repeat(240)}`, 'a queue of 240 bytes: the limit is 239'],
    [
      input,
      'amqp://rabbit?queue=q&prefetch=1',
      'unknown parameter prefetch: allowed are queue, deliveryLimit, heartbeat',
    ],
    [input, 'amqp://rabbit?queue=q&queue=r', 'has queue twice'],
    [input, 'amqp://rabbit?queue=q&heartbeat=0', 'allowed are 1 to 600 whole seconds'],
    [input, 'amqp://rabbit?queue=q&heartbeat=1.5', 'has heartbeat=1.5'],
    [input, 'amqp://rabbit?queue=q&deliveryLimit=20', 'the only value is "policy"'],
    [input, 'amqp://rabbit/a/b?queue=q', 'write a slash in its name as %2F'],
    [input, 'amqp://rabbit/%?queue=q', 'malformed virtual host'],
    [input, 'amqp:///v?queue=q', 'names no host'],
    [input, 'nats://rabbit?queue=q', 'must start with amqp:// or amqps://'],
    [output, 'amqp://rabbit', 'names no target: add ?queue=NAME, or ?exchange=NAME&routingKey=KEY'],
    [output, 'amqp://rabbit?queue=q&exchange=x', 'keep one or the other'],
    [output, `amqp://rabbit?exchange=x&routingKey=${'k'.repeat(256)}`, 'a routingKey of 256 bytes'],
  ])('%o of %s', (parse, url, problem) => {
    expect(() => parse(url)).toThrow(ConfigurationError);
    expect(() => parse(url)).toThrow(problem);
  });

  test('without the password', () => {
    expect(() => input('amqp://me:secret@rabbit')).toThrow(/^(?!.*secret)/s);
  });
});
