import { describe, expect, test } from 'vitest';
import {
  decodeRecord,
  type EncodedRecord,
  encodedSize,
  encodeMessage,
  retryCopy,
  retryInfoOf,
} from '../../../lib/brokers/kafka/message.ts';
import type { StoredRecord } from '../../../lib/brokers/kafka/record.ts';
import type { OutputMessage } from '../../../lib/core/ports/message-sink.ts';

type Headers = readonly (readonly [name: string, value: string | Buffer | null])[];

const bytes = (text: string | Buffer | null) => (text === null ? null : Buffer.from(text));

function stored(headers: Headers = [], value: string | null = 'a', topic = 'requests'): StoredRecord {
  return {
    topic,
    partition: 3,
    offset: 17n,
    timestamp: 1_700_000_000_000,
    key: null,
    value: bytes(value),
    headers: headers.map((pair): StoredRecord['headers'][number] => [bytes(pair[0]), bytes(pair[1])]),
  };
}

const decode = (record: StoredRecord) => decodeRecord(record, { isRetry: false });

/** A record as it comes back. */
function storedAs({ key, value, headers }: EncodedRecord, topic: string): StoredRecord {
  return { ...stored([], null, topic), key: key ?? null, value, headers: [...headers] };
}

test('the id is the place of the record, with its time', () => {
  expect(decode(stored())).toEqual({
    id: 'requests:3:17:1700000000000',
    body: 'a',
    attributes: {},
    sentAt: 1_700_000_000_000,
  });
});

test.each([
  ['JSON without its frame', '\0\0\0\0\x01{"order": 17}', '{"order": 17}'],
  ['with its frame what is no object and no array', '\0\0\0\0\x011', '\0\0\0\0\x011'],
  ['with its frame what only begins like JSON', '\0\0\0\0\x01{7', '\0\0\0\0\x01{7'],
])('a value with the id of a schema is %s', (_, value, body) => {
  expect(decode(stored([], value)).body).toBe(body);
});

test('a header without a value is left out, and a name may be anything', () => {
  expect(
    decode(
      stored([
        ['a', null],
        ['', 'empty'],
        ['__proto__', 'p'],
      ]),
    ),
  ).toMatchObject({
    attributes: Object.fromEntries([
      ['', 'empty'],
      ['__proto__', 'p'],
    ]),
  });
});

describe('a CloudEvent', () => {
  const event = [
    ['ce_specversion', '1.0'],
    ['ce_id', 'ż 100%25'],
    ['Content-Type', 'text/csv'],
    ['traceparent', 't'],
  ] as const;

  test('in binary mode: the prefixed headers are its attributes, which are not encoded', () => {
    expect(decode(stored(event))).toMatchObject({
      cloudEvent: { specversion: '1.0', id: 'ż 100%25', datacontenttype: 'text/csv' },
      attributes: { traceparent: 't' },
    });
  });

  test('with an attribute that is not UTF-8 has it undefined', () => {
    const { cloudEvent } = decode(stored([...event, ['ce_subject', Buffer.from([0xff])]]));
    expect(cloudEvent).toMatchObject({ subject: undefined });
    expect(cloudEvent).toHaveProperty('subject');
  });

  test('in structured mode is a body', () => {
    const type = ['content-type', 'application/cloudevents+json; charset=UTF-8'] as const;
    const message = decode(stored([['ce_specversion', '1.0'], type], '{}'));
    expect(message).not.toHaveProperty('cloudEvent');
    expect(message.attributes.ContentType).toBe(type[1]);
  });

  test('is written with the content type of its data', () => {
    const { headers, key } = encodeMessage({
      body: '1',
      attributes: {},
      cloudEvent: { specversion: '1.0', subject: 'r-1', datacontenttype: 'text/csv', dataref: undefined },
    });
    expect(Object.fromEntries([...headers].map(([name, value]) => [String(name), String(value)]))).toEqual({
      'content-type': 'text/csv',
      ce_specversion: '1.0',
      ce_subject: 'r-1',
    });
    expect(key?.toString()).toBe('r-1');
  });
});

test.each<[Partial<OutputMessage>, string]>([
  [{ mediaType: 'application/cloudevents+json' }, 'application/cloudevents+json'],
  [
    { mediaType: 'text/plain', attributes: { ContentType: { type: 'String', value: 'text/csv' } } },
    'text/csv',
  ],
])('the content type of %j is %s', (message, contentType) => {
  const { headers } = encodeMessage({ body: '', attributes: {}, ...message });
  expect([...headers].map((pair) => pair.map(String))).toEqual([['content-type', contentType]]);
});

describe('the key', () => {
  const RequestId = { type: 'String', value: 'r-1' };

  test.each<[Partial<OutputMessage>, string | undefined]>([
    [{}, undefined],
    [{ attributes: { RequestId } }, 'r-1'],
    [{ attributes: { RequestId }, group: 'g' }, 'g'],
  ])('of %j is %s', (message, key) => {
    expect(encodeMessage({ body: '', attributes: {}, ...message }).key?.toString()).toBe(key);
  });
});

test('the size is not less than what is sent', () => {
  const record = encodeMessage({
    body: 'żółć',
    attributes: { RequestId: { type: 'String', value: 'r-1' } },
  });
  // Value, key, and a header: https://kafka.apache.org/documentation/#record
  expect(encodedSize(record)).toBeGreaterThanOrEqual(61 + 8 + 3 + ('RequestId'.length + 3) + 10);
});

describe('a copy for the topic of retries', () => {
  const first = stored([
    ['tag', 'a'],
    ['tag', 'b'],
  ]);
  const retry = { consumer: 'group', notBefore: 1_800_000_000_000 };
  const copy = storedAs(retryCopy(first, decode(first), retry), 'requests.retry');

  test('is the same message, that says when and who', () => {
    expect(decodeRecord(copy, { isRetry: true })).toEqual(decode(first));
    expect(retryInfoOf(copy)).toEqual(retry);
  });

  test('may be copied again', () => {
    const message = decodeRecord(copy, { isRetry: true });
    const second = storedAs(retryCopy(copy, message, { ...retry, notBefore: 1 }), 'requests.retry');
    expect(second.headers).toHaveLength(copy.headers.length);
    expect(decodeRecord(second, { isRetry: true })).toEqual(decode(first));
    expect(retryInfoOf(second).notBefore).toBe(1);
  });

  test('means nothing in another topic', () => {
    expect(decode(copy)).toMatchObject({ id: 'requests.retry:3:17:1700000000000', attributes: { tag: 'b' } });
  });

  test('of another program is due at once, for all', () => {
    expect(retryInfoOf(stored([['coatcheck-retry-not-before', 'soon']]))).toEqual({ notBefore: 0 });
  });
});

test.each([
  ['-1, as some clients write for none', -1],
  ['nanoseconds, which no Date can hold', 1_700_000_000_000_000_000],
])('a record whose timestamp is %s was sent now', (_, timestamp) => {
  const before = Date.now();
  const { sentAt } = decode({ ...stored(), timestamp });
  expect(sentAt).toBeGreaterThanOrEqual(before);
  expect(sentAt).toBeLessThanOrEqual(Date.now());
});
