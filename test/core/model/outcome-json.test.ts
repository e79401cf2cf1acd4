import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { cancellation, expiry, failure } from '../../../lib/core/model/outcome.ts';
import { parseOutcome, serializeOutcome } from '../../../lib/core/model/outcome-json.ts';
import { inlineOutcome, outcomeOf, STORED } from '../../support/outcomes.ts';

test('what is written is what is read: bytes of any kind', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (bytes, contentType) => {
      const outcome = inlineOutcome(bytes, contentType, { traceparent: '00-trace' });
      expect(parseOutcome(serializeOutcome(outcome))).toEqual(outcome);
    }),
  );
});

test('what is written is what is read: part of a larger buffer', () => {
  const bytes = Buffer.from('a whole text').subarray(2, 7);
  const outcome = outcomeOf({ status: 'succeeded', result: { bytes, contentType: 'text/plain' } });
  expect(parseOutcome(serializeOutcome(outcome))).toEqual(inlineOutcome('whole', 'text/plain'));
});

test.each([
  ['a stored result', outcomeOf({ status: 'succeeded', result: STORED })],
  ['an expiry', outcomeOf(expiry(1))],
  ['a cancellation', outcomeOf(cancellation(0))],
  [
    'a failure whose details look like a result',
    outcomeOf(
      failure(new PermanentError('no', { details: { base64: 'AAAA', result: { base64: 'AAAA' } } }), 2),
    ),
  ],
])('what is written is what is read: %s', (_, outcome) => {
  expect(parseOutcome(serializeOutcome(outcome))).toEqual(outcome);
});

test('of a result that is stored as well only the reference is kept', () => {
  const result = { bytes: Buffer.from('hello'), contentType: STORED.contentType, stored: STORED };
  const json = serializeOutcome(outcomeOf({ status: 'succeeded', result }));
  expect(parseOutcome(json)).toEqual(outcomeOf({ status: 'succeeded', result: STORED }));
});
