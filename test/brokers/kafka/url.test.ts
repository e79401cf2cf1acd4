import { expect, test } from 'vitest';
import { describeKafka, parseKafkaInputUrl, parseKafkaOutputUrl } from '../../../lib/brokers/kafka/url.ts';

const input = (url: string) => parseKafkaInputUrl(new URL(url));
const output = (url: string) => parseKafkaOutputUrl(new URL(url));

test('of an input queue has defaults', () => {
  expect(input('kafka://host?topic=requests')).toEqual({
    address: { servers: ['host:9092'], tls: false },
    topic: 'requests',
    retryTopic: 'requests.retry',
    group: 'coatcheck.requests',
    sessionSeconds: 30,
  });
});

test('names everything', () => {
  const parameters = 'topic=requests&retry=later&group=mine&session=6&servers=b:2,[::1]:3&sasl=scram-sha-512';
  const url = input(`kafkas://us%3Aer:se%40cret@a:1?${parameters}`);
  expect(url).toEqual({
    address: {
      servers: ['a:1', 'b:2', '[::1]:3'],
      tls: true,
      login: { mechanism: 'SCRAM-SHA-512', username: 'us:er', password: 'se@cret' },
    },
    topic: 'requests',
    retryTopic: 'later',
    group: 'mine',
    sessionSeconds: 6,
  });
  expect(describeKafka(url.address)).toBe('Kafka at kafkas://a:1,b:2,[::1]:3');
});

test('of an output queue has the mechanism PLAIN', () => {
  expect(output('kafka://user:p@[::1]:9093?topic=outcomes')).toEqual({
    address: {
      servers: ['[::1]:9093'],
      tls: false,
      login: { mechanism: 'PLAIN', username: 'user', password: 'p' },
    },
    topic: 'outcomes',
  });
});

test.each([
  ['nats://host?topic=a', 'must start with kafka:// or kafkas://'],
  ['kafka://?topic=a', 'names no host'],
  ['kafka://a,b:9092?topic=a', 'names several hosts: name one, and the others as servers='],
  ['kafka://host', 'names no topic: add ?topic=NAME'],
  ['kafka://host/requests', 'names no topic'],
  ['kafka://host/requests?topic=a', 'has a path: name the topic by ?topic=NAME'],
  ['kafka://host?topic=a b', 'has topic=a b: the name of a topic has'],
  ['kafka://host?topic=..', 'has topic=..: the name of a topic has'],
  ['kafka://host?topic=a&retry=a', 'has retry=a, which is the topic itself'],
  ['kafka://host?topic=a&retry=b/c', 'has retry=b/c: the name of a topic has'],
  ['kafka://host?topic=a&group=', 'has group=: a group has 1 to 255 characters'],
  ['kafka://host?topic=a&session=0', 'has session=0: allowed are 1 to 1800'],
  ['kafka://host?topic=a&session=1.5', 'has session=1.5: allowed are'],
  ['kafka://host?topic=a&servers=b', 'has b in servers: write host:port'],
  ['kafka://host?topic=a&sasl=plain', 'has sasl=plain and no user'],
  ['kafka://user:secret@host?topic=a&sasl=gssapi', 'has sasl=gssapi: allowed are plain, scram-sha-256'],
  ['kafka://%zz:secret@host?topic=a', 'has a malformed user name'],
  [
    'kafka://host?topic=a&queue=b',
    'has the unknown parameter queue: allowed are topic, group, retry, session, servers, sasl',
  ],
])('that is wrong says why: %s %s', (url, problem) => {
  const message = (() => {
    try {
      return String(input(url));
    } catch (error) {
      return String(error);
    }
  })();
  expect(message).toContain(problem);
  expect(message).not.toContain('secret');
});

test('an input with order has no topic of retries', () => {
  const ordered = (url: string) => parseKafkaInputUrl(new URL(url), { ordered: true });
  expect(ordered('kafka://host?topic=a')).toMatchObject({ topic: 'a', retryTopic: undefined });
  expect(() => ordered('kafka://host?topic=a&retry=b')).toThrow(
    'has retry=b: with COATCHECK_ORDER=fifo, retries wait in the worker. Leave it out',
  );
});

test('an output has no group', () => {
  expect(() => output('kafka://host?topic=a&group=b')).toThrow('has the unknown parameter group');
});
