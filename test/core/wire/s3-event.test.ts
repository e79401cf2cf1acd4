import { describe, expect, test } from 'vitest';
import { EnvelopeMalformed, PayloadEmpty } from '../../../lib/core/base/errors.ts';
import { decodedAll, decodedRequest, inlineText, rejectedRequest } from '../../support/decoded.ts';
import { delivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';

const VERSION = '3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY';

describe('an upload', () => {
  test('is a request for the version in the event, with a form-decoded key', () => {
    const record = s3Record({ key: 'requests/a+b/%C3%BC.csv', versionId: VERSION, size: 7 });
    expect(decodedRequest(s3Event(record))).toEqual({
      id: '4d61eda7e81cb20c1862d5c2a06d7f3f',
      source: '',
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
  ])('with a key that contains %s', (_, written, key) => {
    expect(decodedRequest(s3Event(s3Record({ key: written })))).toMatchObject({ payload: { key } });
  });

  test.each([undefined, '', 'null'])(
    'without versions (versionId %j): its id depends on the sequencer',
    (versionId) => {
      const decoded = decodedRequest(s3Event(s3Record({ key: 'requests/plain', versionId })));
      expect(decoded.id).toBe('edf76caea7b21bc6b4420942e8419736');
      expect(decoded.payload).toEqual({ bucket: 'payloads', key: 'requests/plain', size: 1024 });
    },
  );

  test('with neither version nor sequencer: its id depends on the ETag', () => {
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

  test('without a size in the event', () => {
    const { payload } = decodedRequest(s3Event(s3Record({ key: 'requests/a', size: undefined })));
    expect(payload).not.toHaveProperty('size', expect.anything());
  });
});

test('each record is a separate request', () => {
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

test('a record with an impossible claim check is rejected alone', () => {
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
  ])('under %s is the request of that ticket and of tenant %j', (folder, tenant) => {
    const key = `${folder}/${ID}`;
    expect(decodedRequest(s3Event(s3Record({ key, versionId: VERSION, size: 7 })))).toEqual({
      id: ID,
      source: '',
      tenant,
      payload: { bucket: 'payloads', key, versionId: VERSION, size: 7 },
      metadata: {},
      ticketed: true,
    });
  });

  test('is the same request for any version', () => {
    const key = `requests/tickets/-/${ID}`;
    const versions = ['v1', 'v2', undefined].map((versionId) => s3Record({ key, versionId }));
    expect(decodedAll(s3Event(...versions)).map(({ id }) => id)).toEqual([ID, ID, ID]);
  });

  test('is still its request if it is empty: the failure is on its record', () => {
    const key = `requests/tickets/YWNtZQ/${ID}`;
    expect(decodedRequest(s3Event(s3Record({ key, size: 0 })))).toMatchObject({
      id: ID,
      tenant: 'acme',
      payload: { key, size: 0 },
      ticketed: true,
    });
  });

  test('is not the request of the ticket if the event is a deletion', () => {
    const record = s3Record(
      { key: `requests/tickets/-/${ID}`, versionId: 'v1' },
      { eventName: 'ObjectRemoved:Delete' },
    );
    expect(rejectedRequest(s3Event(record)).id).toBe('5a9e070e6639f5fe00b83adbe75cee73');
  });

  test('is a separate request if the key is only similar', () => {
    const key = `requests/tickets/-/${ID.toUpperCase()}`;
    const decoded = decodedRequest(s3Event(s3Record({ key, versionId: 'v1' })));
    expect(decoded.id).toMatch(/^[0-9a-f]{32}$/);
    expect(decoded).not.toHaveProperty('ticketed');
  });
});

test("S3's test event contains no request", () => {
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

describe('a rejection', () => {
  test('of an empty object has the id of its upload', () => {
    const { id, rejection } = rejectedRequest(
      s3Event(s3Record({ key: 'requests/empty', versionId: 'v0', size: 0 })),
    );
    expect(id).toBe('9ea5df22cd95ce56ceded41a84ee612c');
    expect(rejection).toBeInstanceOf(PayloadEmpty);
  });

  test.each(['ObjectRemoved:Delete', 's3:ObjectRemoved:DeleteMarkerCreated', 'ObjectTagging:Put', null, 5])(
    'of the event %j has a different id than the upload',
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
    ['a size that is a string', { key: 'requests/a', size: '5' }],
    ['a fractional size', { key: 'requests/a', size: 1.5 }],
  ])('of a record with %s', (_, object) => {
    expect(rejectedRequest(s3Event(s3Record(object))).rejection.code).toBe('envelope_malformed');
  });

  test.each([{}, { s3: 5 }, { s3: { bucket: 'b' } }, { s3: { bucket: { name: 'b' }, object: null } }])(
    'of the record %j',
    (record) => {
      const body = s3Event({ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', ...record });
      expect(rejectedRequest(body).rejection.code).toBe('envelope_malformed');
    },
  );
});

test.each([{ Records: [] }, { Records: [{ eventSource: 'aws:sqs' }] }, { Records: 'aws:s3' }])(
  'a body that only resembles an event is the payload itself: %j',
  (body) => {
    expect(decodedRequest(body).payload).toEqual({ inline: JSON.stringify(body), json: { value: body } });
  },
);

describe('B10: an empty object that a console creates as a folder', () => {
  test('is not a request', () => {
    expect(decodedAll(s3Event(s3Record({ key: 'requests/2026/', size: 0 })))).toEqual([]);
  });

  test('does not affect other records of its event', () => {
    const folder = s3Record({ key: 'requests/2026/', size: 0 });
    const decoded = decodedAll(s3Event(folder, s3Record({ key: 'requests/a', versionId: 'v1' })));
    expect(decoded.map(({ id }) => id)).toEqual(['e37494c13d7fd4b0b59e3d872785c4c8']);
  });

  test.each([
    ['a payload under such a key', { key: 'requests/2026/', size: 5 }],
    ['an object of unknown size', { key: 'requests/2026/', size: undefined }],
  ])('is not %s', (_, object) => {
    expect(decodedAll(s3Event(s3Record(object)))).toHaveLength(1);
  });

  test('is acknowledged without an outcome', async () => {
    const harness = new EngineHarness(() => {});
    expect(await harness.process([delivery(s3Event(s3Record({ key: 'requests/2026/', size: 0 })))])).toEqual(
      [],
    );
    expect(harness.output.calls).toEqual([]);
    expect(harness.records.all()).toEqual([]);
  });
});

describe('B11: an upload in an EventBridge event', () => {
  const created = (object: object = {}, event: object = {}) => ({
    version: '0',
    id: '17793124-05d4-b198-2fde-7ededc63b103',
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: '111122223333',
    time: '2026-01-31T12:00:00Z',
    region: 'us-east-1',
    resources: ['arn:aws:s3:::payloads'],
    detail: {
      version: '0',
      'event-version': '1.0',
      bucket: { name: 'payloads' },
      object: {
        key: 'requests/a',
        size: 5,
        etag: 'b1946ac92492d2347c6235b4d2611184',
        'version-id': 'v1',
        sequencer: '00617F08299329D189',
        ...object,
      },
      'request-id': 'N4N7GDK58NMKJ12R',
      requester: '123456789012',
      reason: 'PutObject',
    },
    ...event,
  });

  test('is the same request as in an S3 event', () => {
    const [byS3] = decodedAll(s3Event(s3Record({ key: 'requests/a', versionId: 'v1', size: 5 })));
    expect(decodedRequest(created())).toEqual(byS3);
  });

  test.each(['requests/a+b %20', 'requests/ü/🧥'])('has its key unchanged: %s', (key) => {
    expect(decodedRequest(created({ key }))).toMatchObject({ payload: { key } });
  });

  test('without a version has the same id as in an S3 event', () => {
    const sequencer = '0055AED6DCD90281E5';
    const [byS3] = decodedAll(s3Event(s3Record({ key: 'requests/a', size: 5, sequencer })));
    expect(decodedRequest(created({ 'version-id': undefined, sequencer }))).toEqual(byS3);
  });

  test('with a ticket is the request of the ticket', () => {
    const id = '01a1f8b8-0743-7353-845c-cfb87ad8f210';
    expect(decodedRequest(created({ key: `requests/tickets/-/${id}` }))).toMatchObject({
      id,
      ticketed: true,
    });
  });

  test('of a folder is not a request', () => {
    expect(decodedAll(created({ key: 'requests/2026/', size: 0 }))).toEqual([]);
  });

  test.each([
    ['another type', created({}, { 'detail-type': 'Object Deleted' }), 'detail-type must be Object Created'],
    ['no key', created({ key: undefined }), 'key must be a non-empty string'],
    ['no bucket', created({}, { detail: {} }), 'name must be a non-empty string'],
  ])('is rejected with %s', (_, event, problem) => {
    const { rejection } = rejectedRequest(event);
    expect(rejection.code).toBe('envelope_malformed');
    expect(rejection.message).toContain(problem);
  });

  test.each([
    ['another source', created({}, { source: 'com.example' })],
    ['no detail', created({}, { detail: undefined })],
    ['no account', created({}, { account: undefined })],
  ])('is the payload itself with %s', (_, event) => {
    expect(inlineText(decodedRequest(event))).toBe(JSON.stringify(event));
  });
});
