import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isChunk, type ReceivedOutcome, readOutcome } from '../../lib/consumer/outcome.ts';
import type { ResultObjects } from '../../lib/consumer/outcome-result.ts';
import { PermanentError } from '../../lib/core/base/errors.ts';
import type { ClaimCheck } from '../../lib/core/model/claim-check.ts';
import { cancellation, expiry, failure, type Outcome, outcomeId } from '../../lib/core/model/outcome.ts';
import { encodeCloudEvent } from '../../lib/core/wire/encode-cloudevent.ts';
import { inlineOutcome, outcomeOf, STORED } from '../support/outcomes.ts';

const NOWHERE: ResultObjects = { open: () => Promise.reject(new Error('nothing is stored')) };

/** An outcome that was published and decoded. */
function received(outcome: Outcome, objects = NOWHERE): ReceivedOutcome {
  return readOutcome(encodeCloudEvent(outcome, 'shop').body, objects);
}

function resultOf(outcome: ReceivedOutcome) {
  if (outcome.status !== 'succeeded') throw new Error(`it is ${outcome.status}`);
  return outcome.result;
}

test('decodes the facts of an outcome', () => {
  const request = { id: 'order-17', source: '/shop', tenant: 'acme' };
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const outcome = inlineOutcome('{}', 'application/json', { request, traceparent, tracestate: 'a=1' });
  expect(received(outcome)).toMatchObject({
    id: outcomeId(outcome),
    requestId: 'order-17',
    source: '/shop',
    tenant: 'acme',
    service: '/coatcheck/shop',
    status: 'succeeded',
    time: '2026-01-31T12:00:00.005Z',
    traceparent,
    tracestate: 'a=1',
  });
  expect(received(inlineOutcome('{}'))).toMatchObject({ source: undefined, tenant: undefined });
});

describe('a result', () => {
  test('of any type keeps its bytes', async () => {
    const types = fc.constantFrom('application/json', 'application/problem+json', 'text/plain', 'image/png');
    const contents = fc.oneof(
      fc.uint8Array(),
      fc.json().map((json) => Buffer.from(json)),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(contents, types, async (content, contentType) => {
        const result = resultOf(received(inlineOutcome(content, contentType)));
        expect(result.contentType).toBe(contentType);
        // Whitespace around JSON is lost.
        const isJson = contentType.endsWith('json');
        const bytes = Buffer.from(await result.bytes());
        if (isJson) expect(bytes.toString().trim()).toBe(Buffer.from(content).toString().trim());
        else expect(bytes).toEqual(Buffer.from(content));
      }),
    );
  });

  test('keeps numbers that JavaScript would round', async () => {
    const result = resultOf(received(inlineOutcome('{"n":12345678901234567890.10}')));
    expect(await result.text()).toBe('{"n":12345678901234567890.10}');
  });

  test('can be read repeatedly in every way', async () => {
    const result = resultOf(received(inlineOutcome('{"x":[1]}')));
    expect(await result.json()).toEqual({ x: [1] });
    expect(await new Response(await result.stream()).text()).toBe('{"x":[1]}');
    expect(result.reference).toBeUndefined();
  });

  test('is fetched from the store when it is read', async () => {
    const opened: ClaimCheck[] = [];
    const objects = {
      open: async (check: ClaimCheck) => {
        opened.push(check);
        return ReadableStream.from([Buffer.from('a,'), Buffer.from('ü')]);
      },
    };
    const result = resultOf(received(outcomeOf({ status: 'succeeded', result: STORED }), objects));
    expect(opened).toEqual([]);
    expect(await result.text()).toBe('a,ü');
    expect(opened).toEqual([STORED.check]);
    expect(result).toMatchObject({ reference: STORED.check, contentType: 'text/csv' });
  });
});

test.each([
  ['failed', failure(new PermanentError('line 17', { code: 'csv_invalid' }), 2), 'csv_invalid'],
  ['cancelled', cancellation(1), 'request_cancelled'],
  ['expired', expiry(0), 'request_expired'],
])('an outcome with status %s has a problem', (status, ending, code) => {
  expect(received(outcomeOf(ending))).toMatchObject({ status, problem: { code } });
});

const EVENT = {
  specversion: '1.0',
  id: 'e',
  source: '/coatcheck/shop',
  type: 'coatcheck.request.succeeded',
  subject: 'r-1',
  datacontenttype: 'application/json',
  data: 1,
};

test.each([
  ['not JSON', '{', 'it must be JSON, got "{"'],
  ['a list', '[]', 'it must be an object, got []'],
  ['some other object', '{"product":42}', 'specversion must be "1.0", got nothing'],
  ['an event of someone else', { ...EVENT, type: 'com.example.made' }, 'got "com.example.made"'],
  [
    'an event without a subject',
    { ...EVENT, subject: undefined },
    'subject must be a non-empty string, got nothing',
  ],
  [
    'an event without a result',
    { ...EVENT, data: undefined },
    'dataref must be a non-empty string, got nothing',
  ],
  ['a result nowhere', { ...EVENT, data: undefined, dataref: 'https://x' }, 'expected s3://bucket/key'],
  [
    'a failure without a problem',
    { ...EVENT, type: 'coatcheck.request.failed' },
    'data must be a problem, got 1',
  ],
])('rejects %s', (_, body, message) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  expect(() => readOutcome(text, NOWHERE)).toThrow(message);
});

test.each([
  ['{"specversion":"1.0","type":"coatcheck.request.chunk","data":"a"}', true],
  ['{"specversion":"1.0","type":"coatcheck.request.succeeded","data":"coatcheck.request.chunk"}', false],
  ['{"specversion":"1.0","type":"coatcheck.request.succeeded"}', false],
])('%s is a chunk: %s', (body, chunk) => {
  expect(isChunk(body)).toBe(chunk);
});
