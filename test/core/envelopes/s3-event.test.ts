import { describe, expect, test } from 'vitest';
import { EnvelopeMalformed, PayloadEmpty } from '../../../lib/core/errors.ts';
import { decodedAll, decodedRequest, rejectedRequest } from '../../support/decoded.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';

const VERSION = '3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY';

describe('an upload', () => {
  test('is a request for the version the event names, its key decoded as a form is', () => {
    const record = s3Record({ key: 'requests/a+b/%C3%BC.csv', versionId: VERSION, size: 7 });
    expect(decodedRequest(s3Event(record))).toEqual({
      id: '4d61eda7e81cb20c1862d5c2a06d7f3f',
      issuer: '',
      payload: { bucket: 'payloads', key: 'requests/a b/ü.csv', versionId: VERSION, size: 7 },
      metadata: {},
    });
  });

  test.each([
    ['plus', 'requests/1%2B1', 'requests/1+1'],
    ['percent sign', 'requests/100%25', 'requests/100%'],
    ['slash', 'requests/a%2Fb', 'requests/a/b'],
    ['emoji', 'requests/%F0%9F%A7%A5', 'requests/🧥'],
    ['nothing to decode', 'requests/a-b_c.d~e', 'requests/a-b_c.d~e'],
  ])('with a key that holds %s', (_, written, key) => {
    expect(decodedRequest(s3Event(s3Record({ key: written })))).toMatchObject({ payload: { key } });
  });

  test.each([undefined, '', 'null'])(
    'without versions (versionId %j): the sequencer is in its id',
    (versionId) => {
      const decoded = decodedRequest(s3Event(s3Record({ key: 'requests/plain', versionId })));
      expect(decoded.id).toBe('edf76caea7b21bc6b4420942e8419736');
      expect(decoded.payload).toEqual({ bucket: 'payloads', key: 'requests/plain', size: 1024 });
    },
  );

  test('with neither version nor sequencer: the ETag is in its id', () => {
    const record = s3Record({ key: 'requests/etag-only', sequencer: undefined });
    expect(decodedRequest(s3Event(record)).id).toBe('9dc845ee0be5d05d2abebd4f42ffa437');
  });

  test.each(['ObjectCreated:Put', 'ObjectCreated:CompleteMultipartUpload', 's3:ObjectCreated:Copy'])(
    'by %s',
    (eventName) => {
      const record = s3Record({ key: 'requests/a', versionId: 'v1' }, { eventName });
      expect(decodedRequest(s3Event(record)).id).toBe('e37494c13d7fd4b0b59e3d872785c4c8');
    },
  );

  test('of another version is another request', () => {
    const record = s3Record({ key: 'requests/a', versionId: 'v2' });
    expect(decodedRequest(s3Event(record)).id).toBe('d1b44df98b94096b1830e9660e1945db');
  });

  test('whose size the event leaves out', () => {
    const { payload } = decodedRequest(s3Event(s3Record({ key: 'requests/a', size: undefined })));
    expect(payload).not.toHaveProperty('size', expect.anything());
  });
});

test('several records are as many requests, each for itself', () => {
  const decoded = decodedAll(
    s3Event(
      s3Record({ key: 'requests/a', versionId: 'v1' }),
      s3Record({ key: 'requests/%ZZ' }),
      s3Record({ key: 'requests/a', versionId: 'v2' }),
    ),
  );
  expect(decoded.map(({ id }) => id)).toEqual([
    'e37494c13d7fd4b0b59e3d872785c4c8',
    '9f68fe2cf8a770eff2c507aa16394671',
    'd1b44df98b94096b1830e9660e1945db',
  ]);
  expect(decoded.map((one) => 'rejection' in one)).toEqual([false, true, false]);
});

test('a record whose claim check no store could have given out is rejected alone', () => {
  const decoded = decodedAll(
    s3Event(
      s3Record({ key: 'requests/a', versionId: 'v1' }),
      s3Record({ key: `requests/${'k'.repeat(1_024)}` }),
    ),
  );
  expect(decoded.map((one) => 'rejection' in one)).toEqual([false, true]);
  expect(decoded[0]?.id).toBe('e37494c13d7fd4b0b59e3d872785c4c8');
});

describe("an upload to a ticket's key", () => {
  const ID = '019472a3-5b7c-7def-8123-456789abcdef';

  test.each([
    ['requests/tickets/-', undefined],
    ['requests/tickets/YWNtZQ', 'acme'],
    ['in/here/tickets/w7w', 'ü'],
  ])('under %s is the request with that ticket, of tenant %j', (folder, tenant) => {
    const key = `${folder}/${ID}`;
    expect(decodedRequest(s3Event(s3Record({ key, versionId: VERSION, size: 7 })))).toEqual({
      id: ID,
      issuer: '',
      tenant,
      payload: { bucket: 'payloads', key, versionId: VERSION, size: 7 },
      metadata: {},
      ticketed: true,
    });
  });

  test('is the same request whatever its version', () => {
    const key = `requests/tickets/-/${ID}`;
    const versions = ['v1', 'v2', undefined].map((versionId) => s3Record({ key, versionId }));
    expect(decodedAll(s3Event(...versions)).map(({ id }) => id)).toEqual([ID, ID, ID]);
  });

  test('that is empty is its request all the same: its record is where it fails', () => {
    const key = `requests/tickets/YWNtZQ/${ID}`;
    expect(decodedRequest(s3Event(s3Record({ key, size: 0 })))).toMatchObject({
      id: ID,
      tenant: 'acme',
      payload: { key, size: 0 },
      ticketed: true,
    });
  });

  test('taken back is not the request of the ticket', () => {
    const record = s3Record(
      { key: `requests/tickets/-/${ID}`, versionId: 'v1' },
      { eventName: 'ObjectRemoved:Delete' },
    );
    expect(rejectedRequest(s3Event(record)).id).toBe('5a9e070e6639f5fe00b83adbe75cee73');
  });

  test('and one to a key that is nearly one is a request of its own', () => {
    const key = `requests/tickets/-/${ID.toUpperCase()}`;
    const decoded = decodedRequest(s3Event(s3Record({ key, versionId: 'v1' })));
    expect(decoded.id).toMatch(/^[0-9a-f]{32}$/);
    expect(decoded).not.toHaveProperty('ticketed');
  });
});

test("S3's test event holds no request", () => {
  const body = {
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: '2026-01-31T12:00:00.000Z',
    Bucket: 'payloads',
    RequestId: 'C3D13FE58DE4C810',
    HostId: 'host',
  };
  expect(decodedAll(body)).toEqual([]);
});

describe('is rejected', () => {
  test('an empty object, under the id of its upload', () => {
    const { id, rejection } = rejectedRequest(
      s3Event(s3Record({ key: 'requests/empty', versionId: 'v0', size: 0 })),
    );
    expect(id).toBe('9ea5df22cd95ce56ceded41a84ee612c');
    expect(rejection).toBeInstanceOf(PayloadEmpty);
  });

  test.each(['ObjectRemoved:Delete', 's3:ObjectRemoved:DeleteMarkerCreated', 'ObjectTagging:Put', null, 5])(
    'the event %j, under an id that is not the upload’s',
    (eventName) => {
      const record = s3Record({ key: 'requests/a', versionId: 'v1' }, { eventName });
      const { id, rejection } = rejectedRequest(s3Event(record));
      expect(id).toBe('5a9e070e6639f5fe00b83adbe75cee73');
      expect(rejection).toBeInstanceOf(EnvelopeMalformed);
      expect(rejection.message).toContain('eventName must be ObjectCreated:…');
    },
  );

  test.each([
    ['a missing key', { key: undefined }],
    ['an empty key', { key: '' }],
    ['a key that is a number', { key: 5 }],
    ['a key that is not UTF-8', { key: 'requests/%FF' }],
    ['a key too long for S3', { key: `requests/${'k'.repeat(1_024)}` }],
    ['a key with half a character', { key: 'requests/\ud800' }],
    ['a negative size', { key: 'requests/a', size: -1 }],
    ['a size that is a text', { key: 'requests/a', size: '5' }],
    ['a size that is not whole', { key: 'requests/a', size: 1.5 }],
  ])('a record with %s', (_, object) => {
    expect(rejectedRequest(s3Event(s3Record(object))).rejection.code).toBe('envelope_malformed');
  });

  test.each([{}, { s3: 5 }, { s3: { bucket: 'b' } }, { s3: { bucket: { name: 'b' }, object: null } }])(
    'the record %j',
    (record) => {
      const body = s3Event({ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', ...record });
      expect(rejectedRequest(body).rejection.code).toBe('envelope_malformed');
    },
  );
});

test.each([{ Records: [] }, { Records: [{ eventSource: 'aws:sqs' }] }, { Records: 'aws:s3' }])(
  'what only resembles an event is the payload itself: %j',
  (body) => {
    expect(decodedRequest(body).payload).toEqual({ inline: JSON.stringify(body) });
  },
);
