import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { identityProblem } from '../../../lib/core/model/request-id.ts';
import { decode } from '../../../lib/core/wire/decode.ts';
import { attributes, bodies } from '../../support/arbitrary.ts';
import { decodedAll, MAX_JSON_DEPTH } from '../../support/decoded.ts';
import { delivery } from '../../support/delivery.ts';

test('every request in any message is decoded or rejected with a code, under a valid id', () => {
  fc.assert(
    fc.property(bodies, attributes, (body, attributes) => {
      const decoded = decode(delivery(body, { attributes }), { maxJsonDepth: MAX_JSON_DEPTH });
      // S3's test event, or an empty folder.
      if (decoded.length === 0) expect(body).toMatch(/s3:TestEvent|"Records"|Object Created/);
      for (const one of decoded) {
        expect(identityProblem(one)).toBeUndefined();
        if (!('rejection' in one)) continue;
        expect(one.rejection).toBeInstanceOf(PermanentError);
        expect(one.rejection.code).toMatch(/^(?:envelope_malformed|json_too_deep|payload_empty)$/);
      }
    }),
    { numRuns: 3_000 },
  );
});

test('a body without an envelope is the payload, byte for byte', () => {
  const plain = bodies.filter(
    (body) => !/Records|specversion|S3Pointer|TestEvent|aws\.s3|arn:aws:sns|:\{"a":\{"a"/.test(body),
  );
  fc.assert(
    fc.property(plain, (body) => {
      expect(decodedAll(body)).toMatchObject([{ id: 'message-1', payload: { inline: body } }]);
    }),
  );
});

test('envelopes are tried in order: an event with Records is an S3 event, even with CloudEvent attributes', () => {
  const both = {
    Records: [{ eventSource: 'aws:s3' }],
    specversion: '1.0',
    id: 'r-1',
    source: '/s',
    type: 't',
    data: 1,
  };
  expect(decodedAll(both)).toMatchObject([{ rejection: { code: 'envelope_malformed' } }]);
});

test('names of a prototype are ordinary attributes', () => {
  const attributes = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}');
  const [decoded] = decodedAll('hello', { attributes });
  expect(decoded && 'metadata' in decoded && Object.entries(decoded.metadata)).toEqual([
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['toString', 'c'],
  ]);
});
