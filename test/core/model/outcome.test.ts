import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { failure, outcomeId, type Problem } from '../../../lib/core/model/outcome.ts';
import { inlineOutcome, outcomeOf } from '../../support/outcomes.ts';

function problemOf(error: PermanentError, attempts = 1): Problem {
  const ending = failure(error, attempts);
  if (ending.status === 'succeeded') throw new Error('a failure is no success');
  return ending.problem;
}

describe('the id of an outcome', () => {
  test('is stable across versions', () => {
    expect(outcomeId(inlineOutcome('1'))).toBe('36c6e077fc34d1f8a8d305ddb825fd6c');
    expect(outcomeId(outcomeOf(failure(new PermanentError('x'), 1)))).toBe(
      'e629c14a47bedf89900ee6d89b50d234',
    );
  });

  test('does not depend on the time or the result', () => {
    expect(outcomeId(inlineOutcome('2', 'text/plain', { endedAt: 5 }))).toBe(outcomeId(inlineOutcome('1')));
  });

  test('differs for another ending, request, source or tenant', () => {
    const ids = [
      inlineOutcome('1'),
      inlineOutcome('1', 'text/plain', { request: { id: 'r-2', source: '' } }),
      inlineOutcome('1', 'text/plain', { request: { id: 'r-1', source: '/orders' } }),
      inlineOutcome('1', 'text/plain', { request: { id: 'r-1', source: '', tenant: 'acme' } }),
      outcomeOf(failure(new PermanentError('x'), 1)),
    ].map(outcomeId);
    expect(new Set(ids).size).toBe(5);
  });
});

describe('a problem', () => {
  test('has the message, code and details of the error', () => {
    const error = new PermanentError('no such order', {
      code: 'order_unknown',
      details: [5, { a: undefined }],
    });
    expect(problemOf(error, 3)).toEqual({
      type: 'urn:coatcheck:problem:order_unknown',
      title: 'order unknown',
      detail: 'no such order',
      code: 'order_unknown',
      attempts: 3,
      details: [5, {}],
    });
  });

  test('has no details if the error has none', () => {
    expect(problemOf(new PermanentError('x'))).not.toHaveProperty('details');
  });

  test('has a detail of at most 4,096 characters', () => {
    expect(problemOf(new PermanentError('x'.repeat(1_000_000))).detail).toBe('x'.repeat(4_096));
  });

  test('has a code of at most 256 characters', () => {
    expect(problemOf(new PermanentError('x', { code: 'c'.repeat(1_000_000) })).code).toBe('c'.repeat(256));
  });

  test.each([
    ['cut in the middle of a character', `${'c'.repeat(255)}😀`, `${'c'.repeat(255)}\ufffd`],
    ['not well-formed', 'c\ud83d', 'c\ufffd'],
  ])('has a well-formed code if the given one is %s', (_, given, code) => {
    expect(problemOf(new PermanentError('x', { code: given })).code).toBe(code);
  });

  test('has a string as its code, even if a JavaScript handler gives a number', () => {
    const error = Object.assign(new PermanentError('x'), { code: 404 });
    expect(problemOf(error)).toMatchObject({ code: '404', type: 'urn:coatcheck:problem:404' });
  });

  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  test.each([
    ['too long', 'x'.repeat(32_768), 'omitted: 32770 characters of JSON'],
    ['cyclic', cyclic, expect.stringMatching(/^omitted: .*circular/i)],
    ['a BigInt', 5n, expect.stringMatching(/^omitted: .*BigInt/)],
    ['a function', () => 5, null],
    ['a symbol', Symbol('s'), null],
    [
      'hostile',
      {
        toJSON() {
          throw undefined;
        },
      },
      'omitted: a undefined was thrown: undefined',
    ],
  ])('is still published with details that are %s', (_, details, published) => {
    expect(problemOf(new PermanentError('x', { details })).details).toEqual(published);
  });

  test('is always JSON that fits a message', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.anything(),
        fc.nat({ max: 100_000 }),
        (text, details, length) => {
          const error = new PermanentError(text.repeat(length), { details });
          const json = JSON.stringify(problemOf(error));
          expect(Buffer.byteLength(json)).toBeLessThan(300_000);
          expect(JSON.parse(json)).toEqual(problemOf(error));
        },
      ),
      { numRuns: 200 },
    );
  });
});
