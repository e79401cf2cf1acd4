import { expect, test } from 'vitest';
import { describeAddress, parseInputUrl, parseOutputUrl } from '../../../lib/brokers/redis/url.ts';
import { ConfigurationError } from '../../../lib/core/base/errors.ts';

test('a URL names server, login, database, stream, group, visibility and field of the body', () => {
  const url = new URL('rediss://me:p%40ss@[::1]:7000/3?stream=orders%3Anew&group=g&visibility=60&body=data');
  expect(parseInputUrl(url)).toEqual({
    address: {
      host: '::1',
      port: 7_000,
      tls: true,
      database: 3,
      login: { username: 'me', password: 'p@ss' },
    },
    stream: 'orders:new',
    group: 'g',
    visibilitySeconds: 60,
    bodyField: 'data',
  });
});

test('a URL needs a stream only', () => {
  const address = { host: 'cache', port: 6_379, tls: false, database: 0 };
  const defaults = { group: 'coatcheck', visibilitySeconds: 30, bodyField: 'body' };
  expect(parseInputUrl(new URL('redis://cache?stream=a'))).toEqual({ address, stream: 'a', ...defaults });
  expect(parseOutputUrl(new URL('redis://:secret@cache/?stream=a'))).toEqual({
    address: { ...address, login: { password: 'secret' } },
    stream: 'a',
  });
});

test('a server is named without its password', () => {
  const { address } = parseOutputUrl(new URL('redis://me:secret@cache/1?stream=a'));
  expect(describeAddress(address)).toBe('Redis at redis://cache:6379/1');
});

test.each([
  ['redis://cache', 'names no stream: add ?stream=NAME'],
  ['redis://cache?stream=', 'has stream=: a name has 1 to 200 characters'],
  ['redis://cache?stream=a%0A', 'without control characters'],
  ['redis://cache?stream=a&streams=b', 'has the unknown parameter streams: allowed are stream, group'],
  ['redis://cache?stream=a&stream=b', 'has stream twice'],
  ['redis://cache/orders?stream=a', 'has a path that is no number of a database'],
  ['redis://cache?stream=a&visibility=0', 'has visibility=0: allowed are 1 to 43200 whole seconds'],
  ['redis://me@cache?stream=a', 'has a user without a password'],
  ['redis://me:%zz@cache?stream=a', 'has a malformed password'],
  ['redis:?stream=a', 'names no host'],
  ['http://cache?stream=a', 'must start with redis:// or rediss://'],
])('%s is refused', (text, problem) => {
  const parse = () => parseInputUrl(new URL(text));
  expect(parse).toThrow(ConfigurationError);
  expect(parse).toThrow(problem);
});
