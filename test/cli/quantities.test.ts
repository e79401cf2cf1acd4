import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  readCount,
  readDuration,
  readFactor,
  readPast,
  readRate,
  readSize,
  readTime,
  readUrl,
} from '../../lib/cli/quantities.ts';

const READERS = { readRate, readDuration, readSize, readCount, readFactor };

test.each([
  ['readRate', '200/s', 200],
  ['readRate', '1.5k/min', 25],
  ['readRate', '36M/h', 10_000],
  ['readRate', '86400/d', 1],
  ['readDuration', '250ms', 0.25],
  ['readDuration', '1.2s', 1.2],
  ['readDuration', '30min', 1_800],
  ['readDuration', '2h', 7_200],
  ['readDuration', '7d', 604_800],
  ['readSize', '12B', 12],
  ['readSize', '300KB', 300_000],
  ['readSize', '64KiB', 65_536],
  ['readSize', '1.5MiB', 1_572_864],
  ['readSize', '2GB', 2_000_000_000],
  ['readCount', '100M', 100_000_000],
  ['readCount', '2.5k', 2_500],
  ['readCount', '7', 7],
  ['readFactor', '10x', 10],
] as const)('%s: %s is %d', (reader, text, value) => {
  expect(READERS[reader](text)).toBe(value);
});

test.each([
  ['readRate', ['200', '200/', '/s', '-1/s', '200 /s', '200/S', '1e3/s', 'Infinity/s', '200/sec', '']],
  ['readDuration', ['1.2', '1,2s', '-1s', '1 s', '1S', '1m', '1.s', '.5s', 's', '']],
  ['readSize', ['300', '300kb', '300K', '-1KB', '300 KB', 'KB', '1TB', '']],
  ['readCount', ['-5', '1.5', '100m', '1e8', '10,000', '']],
  ['readFactor', ['10', '1x', '0.5x', '10X', 'x', '-2x', '']],
] as const)('%s refuses what has another form', (reader, texts) => {
  for (const text of texts)
    expect(() => READERS[reader](text), text).toThrow(/^It must be a .*(example|like)/);
});

test.each([
  ['readRate', '0/s', 'It must be greater than 0.'],
  ['readDuration', '0s', 'It must be greater than 0.'],
  ['readSize', '0KB', 'It must be greater than 0.'],
  ['readCount', '0', 'It must be greater than 0.'],
  ['readCount', '9999999999G', 'It is too large.'],
  [
    'readCount',
    '1.5',
    'It must be a whole number, with k, M or G for thousands, millions or billions, for example 100M.',
  ],
  ['readDuration', '36501d', 'It must be 36500d or less.'],
  ['readSize', `${'9'.repeat(400)}B`, 'It is too large.'],
  ['readRate', '0.5/d', 'It must be 1/d or more.'],
] as const)('D7: %s rejects %s and names the rule', (reader, text, message) => {
  expect(() => READERS[reader](text)).toThrow(message);
});

test('every parser returns a positive number or rejects the text', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[0-9]{1,400}(\.[0-9]+)?(\/s|ms|KB|M|x|\/min|d|GiB)$/),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const read of Object.values(READERS)) {
        let value = 1;
        try {
          value = read(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'commander.invalidArgument' });
        }
        expect(Number.isFinite(value) && value > 0).toBe(true);
      }
    }),
  );
});

test('a time needs a zone', () => {
  expect(readTime('2026-01-31T13:00:00+01:00')).toEqual(new Date('2026-01-31T12:00:00Z'));
  for (const text of ['2026-01-31T12:00:00', '2026-01-31', 'tomorrow', '1h', '']) {
    expect(() => readTime(text), text).toThrow(/^It must be a time with a zone, like /);
  }
});

test('a URL must be http or https, without a query', () => {
  expect(readUrl('http://127.0.0.1:4566/a/$default')).toBe('http://127.0.0.1:4566/a/$default');
  for (const text of ['example.com', 'ftp://a', 'https://a?b', 'https://a#b', 'https://a@b', '']) {
    expect(() => readUrl(text), text).toThrow(/^It must be an http or https URL /);
  }
});

test('a past time is relative or absolute', () => {
  const read = readPast(Date.UTC(2026, 0, 31, 12));
  expect(['2h', '1.5min', '7d', '2026-01-30T12:00:00+02:00'].map((text) => read(text).toISOString())).toEqual(
    [
      '2026-01-31T10:00:00.000Z',
      '2026-01-31T11:58:30.000Z',
      '2026-01-24T12:00:00.000Z',
      '2026-01-30T10:00:00.000Z',
    ],
  );
  for (const text of ['', '2', '0s', '-2h', '2026-01-31', '2026-02-30T12:00:00Z', '99999999d']) {
    expect(() => read(text), text).toThrow(/^It must be a time ago, like 30min/);
  }
});
