import fc from 'fast-check';
import { v7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import {
  failureGroupOf,
  failureOf,
  fingerprintOf,
  generalMessage,
  isFailureGroup,
} from '../../../lib/core/model/failure-group.ts';
import { type Outcome, outcomeOf } from '../../../lib/core/model/outcome.ts';

const REQUEST = { id: 'r-1', source: '' };

function failed(code: string, detail: string, frame?: string): Outcome {
  const problem = { type: '', title: '', detail, code, attempts: 1 };
  return outcomeOf(REQUEST, { status: 'failed', problem, frame }, 0);
}

describe('a message has placeholders', () => {
  test.each([
    ['Order 4711 not found', 'Order <n> not found'],
    ['Order -4711 of 1,234.50 not found', 'Order <n> of <n> not found'],
    ['timed out after 1.5s, then 30ms', 'timed out after <n>s, then <n>ms'],
    ['no user 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d', 'no user <n>'],
    ['no payment ch_3PqXa9Bc', 'no payment <n>'],
    ['commit deadbeef0 is gone', 'commit <n> is gone'],
    ['S3 and utf8 of v1.2', 'S<n> and utf<n> of v<n>'],
    ['no "Ann" or \'Bob\' or `Eve` or “Zoë”', 'no <text> or <text> or <text> or <text>'],
    ["can't find users' data, doesn't matter", "can't find users' data, doesn't matter"],
    ['{"id":"a","n":3}', '{<text>:<text>,<text>:<n>}'],
    ['open /var/task/data/a-b.csv: no such file', 'open <path>: no such file'],
    ['open C:\\data\\orders.csv', 'open <path>'],
    ['text/html and/or', 'text/html and/or'],
    ['since 2026-01-31T12:00:00.123Z, 2026-01-31 12:00', 'since <time>, <time>'],
    [
      'GET https://api.example.com/v1/orders/0198a5f2-6c1e-7b7a?page=2#top answered 503',
      'GET https://api.example.com/v<n>/orders/<n> answered <n>',
    ],
    ['connect ECONNREFUSED 10.0.0.1:5432', 'connect ECONNREFUSED <n>:<n>'],
    ['a\n  b', 'a b'],
    ['', ''],
  ])('%s', (message, expected) => {
    expect(generalMessage(message)).toBe(expected);
  });

  test('in 200 characters', () => {
    expect(generalMessage('word '.repeat(1_000))).toHaveLength(200);
  });
});

/** Values that differ between two failures of one error. */
const VALUE = {
  number: fc.nat().map(String),
  ticket: fc.nat().map((msecs) => v7({ msecs })),
  id: fc.uuid(),
  hash: fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 12, maxLength: 64 })
    .map((text) => `9${text}`),
  quoted: fc.string({ maxLength: 20 }).map((text) => `"${text.replace(/["\n]/g, '')}"`),
  url: fc.uuid().map((id) => `https://api.example.com/orders/${id}?at=${id}`),
  path: fc.uuid().map((id) => `/tmp/${id}/part.csv`),
  time: fc
    .date({ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('2100-01-01') })
    .map((at) => at.toISOString()),
};

describe('a group', () => {
  test.each(Object.entries(VALUE))('is the same whatever the %s is', (_, values) => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const of = (value: string) =>
          fingerprintOf({ code: 'x', message: `Charge of ${value} failed: ${value}` });
        expect(of(one)).toBe(of(other));
      }),
    );
  });

  test('differs by the code, the words of the message and the frame', () => {
    const failure = { code: 'declined', message: 'The card was declined', frame: 'charge (charge.ts)' };
    const groups = [
      failure,
      { ...failure, code: 'expired' },
      { ...failure, message: 'The card has expired' },
      { ...failure, frame: 'refund (refund.ts)' },
      { ...failure, frame: undefined },
    ].map(fingerprintOf);
    expect(new Set(groups).size).toBe(5);
    expect(groups.every(isFailureGroup)).toBe(true);
  });

  test('is the one that stored records have', () => {
    const failure = { code: 'declined', message: 'Card 4711 was declined', frame: 'charge (charge.ts)' };
    expect(fingerprintOf(failure)).toBe('80d813265c2121ca');
  });

  test.each([
    ['a'],
    ['"'],
    ["'"],
    ['“'],
    ['/a'],
    ['a-'],
    ['1'],
    ['1.'],
    ['a:'],
    ['a://'],
    ['2026-01-31T12:00'],
    ['\\'],
    [' '],
    ['\ud800'],
  ])('of a message of 1 MiB of %j is found at once', (unit) => {
    const message = unit.repeat(2 ** 20 / unit.length);
    const began = performance.now();
    expect(isFailureGroup(fingerprintOf({ code: 'x', message }))).toBe(true);
    // In quadratic time, it would take minutes.
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('takes any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (message) => {
        expect(isFailureGroup(fingerprintOf({ code: message, message, frame: message }))).toBe(true);
      }),
    );
  });
});

describe('a failure', () => {
  test('that used up its attempts is that of the last error', () => {
    const lastError = { name: 'TypeError', message: 'no 1', frame: 'run (index.ts)' };
    const record = {
      outcome: failed('attempts_exhausted', 'All 5 attempts failed'),
      attemptsExhausted: true,
      lastError,
    };
    expect(failureOf(record)).toEqual({ code: 'TypeError', message: 'no 1', frame: 'run (index.ts)' });
    expect(failureOf({ ...record, lastError: { ...lastError, code: 'ENOENT' } })?.code).toBe('ENOENT');
  });

  test('of crashes is that of the outcome', () => {
    const outcome = failed(
      'attempts_exhausted',
      'All 5 attempts failed; the last one ended without reporting',
    );
    expect(failureOf({ outcome, attemptsExhausted: true })?.code).toBe('attempts_exhausted');
  });

  test('for good is that of the outcome, whatever an attempt before it failed with', () => {
    const outcome = failed('declined', 'no', 'charge (charge.ts)');
    const lastError = { name: 'Error', message: 'before' };
    expect(failureOf({ outcome, lastError })).toEqual({
      code: 'declined',
      message: 'no',
      frame: 'charge (charge.ts)',
    });
  });

  test('is no end of another kind', () => {
    const { request, endedAt, ...ended } = failed('cancelled', '');
    const outcome = { ...ended, request, endedAt, status: 'cancelled' } as Outcome;
    expect(failureGroupOf({ outcome })).toBeUndefined();
    expect(failureGroupOf({})).toBeUndefined();
  });
});
