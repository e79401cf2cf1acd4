import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ClaimCheck } from '../../../lib/core/model/claim-check.ts';
import { openPayload } from '../../../lib/core/processor/payload.ts';
import { isMessageText } from '../../../lib/core/wire/message-text.ts';
import { encodeSubmission, type Submission } from '../../../lib/core/wire/submission.ts';
import { MemoryPayloadStore } from '../../../lib/stores/memory/payload-store.ts';
import { keys, requestIds } from '../../support/arbitrary.ts';
import { decodedRequest, MAX_JSON_DEPTH, rejectedRequest } from '../../support/decoded.ts';

const LIMITS = { maxJsonDepth: MAX_JSON_DEPTH };
const ID = '019472a3-5b7c-7def-8123-456789abcdef';
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const PLAIN: Submission = {
  id: ID,
  source: '',
  submittedAt: Date.UTC(2026, 0, 31, 12),
  contentType: 'application/json',
  metadata: {},
  payload: { bytes: Buffer.from('{"x":6}') },
};

function submission(contentType: string, content: string | Uint8Array): Submission {
  return { ...PLAIN, contentType, payload: { bytes: Buffer.from(content) } };
}

/** The bytes a handler is given. */
async function handedOn(message: string): Promise<Buffer> {
  const limits = { maxPayloadBytes: 1e9, maxBufferedBytes: 1e9, claimCheckSources: [] };
  const decoded = decodedRequest(message);
  const payload = await openPayload(decoded, new MemoryPayloadStore(), limits, new AbortController().signal);
  return Buffer.from(await payload.bytes());
}

const times = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });

const contentTypes = fc.oneof(
  fc.constantFrom(
    'application/json',
    'Application/JSON; charset=utf-8',
    'text/json',
    'application/ld+json',
    'application/problem+json; charset="utf-16"',
    'text/plain',
    'text/csv; charset=iso-8859-1',
    'application/xml',
    'image/svg+xml',
    'application/octet-stream',
    'multipart/form-data; boundary="data"',
    'json',
  ),
  fc.stringMatching(/^[\x21-\x7e][\x20-\x7e]{0,60}$/),
);

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  fc.json().map((text) => Buffer.from(text)),
  fc.tuple(fc.jsonValue(), fc.constantFrom(' ', '\t')).map(([value, layout]) => {
    return Buffer.from(`${JSON.stringify(value, undefined, layout)}\n`);
  }),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(JSON.stringify(text))),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  fc.nat({ max: 2 * MAX_JSON_DEPTH }).map((depth) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))),
);

const payloads: fc.Arbitrary<Submission['payload']> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ bytes }) },
  fc.record({
    check: fc.record<ClaimCheck>(
      {
        bucket: fc.constant('payloads'),
        key: keys,
        versionId: fc.string({ minLength: 1, unit: 'grapheme' }),
      },
      { requiredKeys: ['bucket', 'key'] },
    ),
    size: fc.maxSafeNat().map((size) => size % 1e15),
  }),
);

const submissions: fc.Arbitrary<Submission> = fc
  .record(
    {
      id: fc.oneof(fc.uuid({ version: 7 }), requestIds),
      source: fc.constant('' as const),
      tenant: requestIds,
      traceparent: fc.constant(TRACEPARENT),
      tracestate: fc.constant('rojo=1'),
      expiresAt: times,
      submittedAt: times,
      contentType: contentTypes,
      metadata: fc.dictionary(
        fc.oneof(fc.string(), fc.constantFrom('source', 'type', 'time', 'data', '__proto__')),
        fc.string({ unit: 'binary' }),
      ),
      payload: payloads,
    },
    { requiredKeys: ['id', 'source', 'submittedAt', 'contentType', 'metadata', 'payload'] },
  )
  // There is no tracestate without a traceparent.
  .map(({ tracestate, ...submission }) =>
    submission.traceparent === undefined ? submission : { ...submission, tracestate },
  );

test('a submission written is the request read, to the last byte', async () => {
  await fc.assert(
    fc.asyncProperty(submissions, async (given) => {
      const message = encodeSubmission(given, LIMITS);
      expect(isMessageText(message)).toBe(true);
      const { payload, metadata, ...request } = decodedRequest(message);
      const { payload: givenPayload, metadata: givenMetadata, ...givenRequest } = given;
      expect(request).toEqual(givenRequest);
      expect(Object.entries(metadata)).toEqual(Object.entries(givenMetadata));
      if ('check' in givenPayload) {
        expect(payload).toEqual({ ...givenPayload.check, size: givenPayload.size });
      } else {
        expect((await handedOn(message)).equals(givenPayload.bytes)).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});

describe('is written', () => {
  test.each<[what: string, submission: Submission, message: string]>([
    [
      'as little as possible',
      PLAIN,
      `{"specversion":"1.0","id":"${ID}","source":"coatcheck","type":"coatcheck.request.submitted",` +
        '"time":"2026-01-31T12:00:00.000Z","datacontenttype":"application/json","data":{"x":6}}',
    ],
    [
      'with everything there is to say',
      {
        ...PLAIN,
        tenant: 'acme',
        traceparent: TRACEPARENT,
        expiresAt: Date.UTC(2026, 0, 31, 12, 30, 0, 5),
        contentType: 'text/csv; charset=utf-8',
        metadata: { customer: '7', note: 'say "hi"' },
        payload: { bytes: Buffer.from('a,ü\n1,"2"\n') },
      },
      `{"specversion":"1.0","id":"${ID}","source":"coatcheck","type":"coatcheck.request.submitted",` +
        '"time":"2026-01-31T12:00:00.000Z","expirytime":"2026-01-31T12:30:00.005Z","tenant":"acme",' +
        `"traceparent":"${TRACEPARENT}",` +
        '"metadata":"{\\"customer\\":\\"7\\",\\"note\\":\\"say \\\\\\"hi\\\\\\"\\"}",' +
        '"datacontenttype":"text/csv; charset=utf-8","data":"a,ü\\n1,\\"2\\"\\n"}',
    ],
    [
      'with bytes in base64',
      submission('image/png', Buffer.from([0x89, 0x50, 0x4e, 0x47])),
      `{"specversion":"1.0","id":"${ID}","source":"coatcheck","type":"coatcheck.request.submitted",` +
        '"time":"2026-01-31T12:00:00.000Z","datacontenttype":"image/png","data_base64":"iVBORw=="}',
    ],
    [
      'with a reference to its payload',
      {
        ...PLAIN,
        payload: {
          check: { bucket: 'payloads', key: 'payloads/a b', versionId: 'v+1' },
          size: 3_000_000_000,
        },
      },
      `{"specversion":"1.0","id":"${ID}","source":"coatcheck","type":"coatcheck.request.submitted",` +
        '"time":"2026-01-31T12:00:00.000Z","payloadsize":"3000000000","datacontenttype":"application/json",' +
        '"dataref":"s3://payloads/payloads/a%20b?versionId=v%2B1"}',
    ],
  ])('%s', (_, given, message) => {
    expect(encodeSubmission(given, LIMITS)).toBe(message);
  });
});

const NESTED = (depth: number) => '{"a":'.repeat(depth) + 1 + '}'.repeat(depth);

describe('its payload', () => {
  test.each([
    ['JSON with long numbers', '{ "id": 12345678901234567890, "huge": 1e999, "same": 1.0 }'],
    ['JSON with a name twice', '{"data":1,"data":2,"specversion":"0.3","__proto__":{}}'],
    ['JSON with escapes', '{"\\u0061":"\\/\\ud800\\uffff"}'],
    ['a text of JSON', '"data"'],
    ['null', 'null'],
    ['JSON as deep as its reader goes', NESTED(MAX_JSON_DEPTH - 1)],
  ])('is put in as it is: %s', async (_, text) => {
    const message = encodeSubmission(submission('application/json', text), LIMITS);
    expect(message.endsWith(`,"data":${text}}`)).toBe(true);
    expect(String(await handedOn(message))).toBe(text);
  });

  test.each([
    ['JSON deeper than its reader goes', 'application/json', NESTED(MAX_JSON_DEPTH)],
    ['JSON with space around it', 'application/json', ' {}\n'],
    ['JSON with a byte order mark', 'application/json', '\ufeff{}'],
    ['JSON with a character no message holds', 'application/json', '"\uffff"'],
    ['what is called JSON and isn’t', 'application/json', '{"a":1},"id":"r-2"'],
    ['nothing that is called JSON', 'application/json', ''],
    ['JSON that isn’t UTF-8', 'application/json', Buffer.from([0x22, 0xff, 0x22])],
    ['a text that isn’t UTF-8', 'text/plain; charset=iso-8859-1', Buffer.from([0xfc])],
    ['half a character', 'text/plain', Buffer.from([0xed, 0xa0, 0x80])],
    ['bytes of another type', 'application/octet-stream', 'hello'],
  ])('is put in as base64: %s', async (_, contentType, content) => {
    const bytes = Buffer.from(content);
    const message = encodeSubmission(submission(contentType, bytes), LIMITS);
    expect(message.endsWith(`,"data_base64":"${bytes.toString('base64')}"}`)).toBe(true);
    expect(await handedOn(message)).toEqual(bytes);
  });

  test.each([
    ['a byte order mark', '\ufeffa', '\ufeffa'],
    ['a character no message holds', 'a\uffff', 'a\\uffff'],
    ['control characters', '\u0000\u007f', '\\u0000\u007f'],
    ['nothing', '', ''],
  ])('is put in as a text: %s', async (_, text, written) => {
    const message = encodeSubmission(submission('text/plain', text), LIMITS);
    expect(message.endsWith(`,"data":"${written}"}`)).toBe(true);
    expect(String(await handedOn(message))).toBe(text);
  });
});

describe('an event of another', () => {
  const event = JSON.parse(encodeSubmission({ ...PLAIN, metadata: { a: 'b' } }, LIMITS));

  test.each([{ source: '/orders' }, { type: 'com.example.order' }])('%j is no submission', (other) => {
    const decoded = decodedRequest({ ...event, ...other });
    expect(decoded.source).toBe({ ...event, ...other }.source);
    expect(decoded.metadata).toMatchObject({ metadata: '{"a":"b"}', time: '2026-01-31T12:00:00.000Z' });
    expect(decoded).not.toHaveProperty('submittedAt');
  });
});

describe('is rejected under its id, which stands for itself,', () => {
  const event = JSON.parse(encodeSubmission({ ...PLAIN, tenant: 'acme' }, LIMITS));
  const stored = { ...event, data: undefined, dataref: 's3://payloads/a' };

  test.each([
    [
      'metadata that are no JSON',
      { ...event, metadata: '{' },
      'metadata must be a JSON object of strings, got "{"',
    ],
    [
      'metadata that are a list',
      { ...event, metadata: '["a"]' },
      'metadata must be a JSON object of strings',
    ],
    [
      'metadata that are no texts',
      { ...event, metadata: '{"a":1}' },
      'metadata must be a JSON object of strings',
    ],
    ['metadata that are an object', { ...event, metadata: {} }, 'metadata must be a text, got {}'],
    ['a time that is none', { ...event, time: 'now' }, 'time must be a time like'],
    ['a size that is a number', { ...stored, payloadsize: 5 }, 'payloadsize must be a text, got 5'],
    [
      'a size that is none',
      { ...stored, payloadsize: '-5' },
      'payloadsize must be a number of bytes, got "-5"',
    ],
    [
      'a size beyond reason',
      { ...stored, payloadsize: '9'.repeat(16) },
      'payloadsize must be a number of bytes',
    ],
    ['no data', { ...event, data: undefined }, 'one of data, data_base64 and dataref is required'],
  ])('a submission with %s', (_, body, message) => {
    const { rejection, ...request } = rejectedRequest(body);
    expect(request).toMatchObject({ id: ID, source: '', tenant: 'acme' });
    expect(rejection.code).toBe('envelope_malformed');
    expect(rejection.message).toContain(message);
  });
});

test('a request whose payload was uploaded later has its record already', () => {
  expect(decodedRequest(encodeSubmission(PLAIN, LIMITS))).not.toHaveProperty('ticketed');
  expect(decodedRequest(encodeSubmission({ ...PLAIN, uploadBytes: 8 }, LIMITS))).toMatchObject({
    ticketed: true,
  });
});

test('a request that counts as waiting for a limit says so, since its record is claimed without being read', () => {
  expect(decodedRequest(encodeSubmission(PLAIN, LIMITS))).not.toHaveProperty('countsAsWaiting');
  expect(decodedRequest(encodeSubmission({ ...PLAIN, countsAsWaiting: true }, LIMITS))).toMatchObject({
    countsAsWaiting: true,
  });
});

test('a submission says which request it retries', () => {
  expect(decodedRequest(encodeSubmission({ ...PLAIN, retryOf: 'r-1' }, LIMITS))).toMatchObject({
    retryOf: 'r-1',
  });
});
