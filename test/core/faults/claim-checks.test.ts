import { describe, expect, test } from 'vitest';
import type { MemoryMessage } from '../../../lib/stores/memory/input-queue.ts';
import { delivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';

type Envelope = (bucket: string, key: string) => MemoryMessage;

const ENVELOPES: [string, Envelope][] = [
  ['an S3 event', (bucket, key) => delivery(s3Event(s3Record({ key, size: 5 }, { bucket })))],
  [
    'a CloudEvent',
    (bucket, key) => {
      const dataref = `s3://${bucket}/${key}`;
      return delivery(JSON.stringify({ specversion: '1.0', id: 'r-1', source: '/s', type: 't', dataref }));
    },
  ],
  [
    'an extended client pointer',
    (bucket, key) =>
      delivery(
        JSON.stringify([
          'software.amazon.payloadoffloading.PayloadS3Pointer',
          { s3BucketName: bucket, s3Key: key },
        ]),
      ),
  ],
];

describe.each(ENVELOPES)('fault 33: a claim check in %s', (_, envelope) => {
  function service() {
    const harness = new EngineHarness((request) => request.text(), {
      claimCheckSources: ['payloads/requests/', 'partner', 'locked'],
    });
    harness.store.put('requests/a', 'hello');
    harness.store.put('b', 'hallo', { bucket: 'partner' });
    harness.store.put('secrets/a', 'salut', { bucket: 'payloads' });
    harness.store.put('a', 'hola!', { bucket: 'foreign' });
    harness.store.put('a', 'hej!!', { bucket: 'locked' });
    harness.store.deniedBuckets.add('locked');
    return harness;
  }

  test.each([
    ['payloads', 'requests/a', 'hello'],
    ['partner', 'b', 'hallo'],
  ])('into %s/%s is followed', async (bucket, key, content) => {
    const harness = service();
    await harness.process([envelope(bucket, key)]);
    expect(harness.event.data).toBe(content);
  });

  test.each([
    ['missing', 'payloads', 'requests/b', 'payload_missing'],
    ['denied', 'locked', 'a', 'payload_denied'],
    ['into a foreign bucket', 'foreign', 'a', 'claim_check_refused'],
    ['into a foreign prefix', 'payloads', 'secrets/a', 'claim_check_refused'],
  ])('%s is a failure for good, with a code of its own', async (_, bucket, key, code) => {
    const harness = service();
    expect(await harness.process([envelope(bucket, key)])).toEqual([]);
    expect(harness.problem).toMatchObject({ code, attempts: 1 });
    expect(harness.input.deferrals).toEqual([]);
  });

  test.each([
    ['foreign', 'a'],
    ['payloads', 'secrets/a'],
    ['payloads', 'requests'],
  ])('into %s/%s: the store isn’t even asked', async (bucket, key) => {
    const harness = service();
    await harness.process([envelope(bucket, key)]);
    expect(harness.store.opened).toEqual([]);
  });

  test('that the store has no answer to is tried again', async () => {
    const harness = service();
    harness.store.faults.inject('open', 'fails before');
    expect(await harness.process([envelope('payloads', 'requests/a')])).toEqual(['message-1']);
    expect(harness.events).toEqual([]);
  });
});

test.each([
  ['file://payloads/requests/a', 'claim_check_refused', 'it reads s3:// references'],
  ['file:///requests/a', 'envelope_malformed', 'expected s3://bucket/key?versionId=… or file://store/key'],
  ['file://payloads/../a', 'envelope_malformed', 'no . or ..'],
  [
    'gs://payloads/requests/a',
    'envelope_malformed',
    'expected s3://bucket/key?versionId=… or file://store/key',
  ],
])('fault 33: the claim check %s fails with %s', async (dataref, code, detail) => {
  const harness = new EngineHarness((request) => request.text(), { claimCheckSources: ['payloads'] });
  harness.store.put('requests/a', 'hello');
  const event = { specversion: '1.0', id: 'r-1', source: '/s', type: 't', dataref };
  await harness.process([delivery(JSON.stringify(event))]);
  expect(harness.problem).toMatchObject({ code, detail: expect.stringContaining(detail) });
  expect(harness.store.opened).toEqual([]);
});
