import { describe, expect, test } from 'vitest';
import { storedOf } from '../../../lib/aws/record-item.ts';
import { payloadDigest } from '../../../lib/core/model/pinned-payload.ts';
import type { QueueMessage } from '../../../lib/core/model/received-message.ts';
import type { Handler } from '../../../lib/core/processor/handler.ts';
import { decodedRequest } from '../../support/decoded.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';
import { START } from '../../support/test-clock.ts';

const failingFirst: Handler = async (request) => {
  if (request.attempt === 1) throw new Error('try again');
  return await request.json();
};

/** A service in which the first attempt at `r-1`, with the payload `first`, has failed. */
async function begun(handler = failingFirst, options: HarnessOptions = {}) {
  const harness = new EngineHarness(handler, options);
  const own = requestDelivery('r-1', 'first');
  expect(await harness.process([own])).toEqual([own.id]);
  const other = (given: Partial<QueueMessage> = {}) =>
    requestDelivery('r-1', 'other', { id: 'message-other', receipt: 'receipt-other', ...given });
  return { harness, own, other };
}

function warnings(harness: EngineHarness): string[] {
  return harness.logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
}

describe('B3: a message with another payload under the same id', () => {
  test('isn’t run while the request waits for its retry: it is dropped with a warning', async () => {
    const { harness, own, other } = await begun();
    expect(await harness.process([other()])).toEqual([]);
    expect(harness.events).toEqual([]);
    expect(warnings(harness)).toContain('Message dropped');
    expect(await harness.process([own])).toEqual([]);
    expect(harness.event.data).toBe('first');
  });

  test('isn’t run while the request runs', async () => {
    const { promise: running, resolve: run } = Promise.withResolvers<void>();
    const { promise: ending, resolve: end } = Promise.withResolvers<void>();
    const harness = new EngineHarness(async (request) => {
      run();
      await ending;
      return await request.json();
    });
    const first = harness.process([requestDelivery('r-1', 'first')]);
    await running;
    expect(await harness.process([requestDelivery('r-1', 'other', { id: 'message-other' })])).toEqual([]);
    end();
    expect(await first).toEqual([]);
    expect(harness.event.data).toBe('first');
  });

  test('doesn’t take over a claim whose answer was lost: the request isn’t failed', async () => {
    const harness = new EngineHarness((request) => request.json());
    const own = requestDelivery('r-1', 'first');
    harness.records.faults.inject('write', 'fails after', 'fails after');
    expect(await harness.process([own])).toEqual([own.id]);
    expect(await harness.process([requestDelivery('r-1', 'other', { id: 'message-other' })])).toEqual([]);
    expect(harness.events).toEqual([]);
    harness.clock.advanceSeconds(1_000);
    expect(await harness.process([own])).toEqual([]);
    expect(harness.event.data).toBe('first');
  });

  test('has the outcome published again when the request has ended', async () => {
    const { harness, own, other } = await begun();
    await harness.process([own]);
    expect(await harness.process([other()])).toEqual([]);
    expect(harness.events.map(({ data }) => data)).toEqual(['first', 'first']);
    expect(warnings(harness)).toContain('A message has another payload than its request, which has ended');
  });

  test('ends the request as failed when its own message can’t come any more', async () => {
    const { harness, other } = await begun(failingFirst, { inputRetentionSeconds: 3_600 });
    harness.clock.advanceSeconds(3_601);
    expect(await harness.process([other({ sentAt: harness.clock.now() })])).toEqual([]);
    expect(harness.problem.code).toBe('payload_changed');
    expect(harness.records.record('r-1')).toMatchObject({ status: 'failed' });
  });

  test('beside its own in one batch: one is run, and the request ends once', async () => {
    const harness = new EngineHarness((request) => request.json());
    const messages = ['first', 'other'].map((payload) => requestDelivery('r-1', payload, { id: payload }));
    expect(await harness.process(messages)).toEqual([]);
    expect(harness.event.data).toBe('first');
  });

  test('is no redrive of a request that was given up, even if its dead letter had no room to say so', async () => {
    const { harness, own, other } = await begun(
      () => {
        throw new Error('never');
      },
      { maxAttempts: 2 },
    );
    const nine = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`Own${index}`, 'x']));
    const full = { ...own, deliveryCount: 2, attributes: { ...own.attributes, ...nine } };
    await harness.process([full]);
    expect(harness.records.record('r-1')).toMatchObject({ status: 'failed', deadLetterIsBare: true });
    harness.clock.advanceSeconds(100);
    const sentAt = harness.clock.now();
    await harness.process([other({ sentAt })]);
    expect(harness.records.record('r-1')).toMatchObject({ status: 'failed' });
    await harness.process([{ ...full, id: 'message-again', sentAt }]);
    expect(harness.records.record('r-1')).toMatchObject({ redrives: 1 });
  });
});

describe('B3: the same payload under the same id', () => {
  test('is the request, whatever else its message says', async () => {
    const { harness } = await begun();
    const attributes = { RequestId: 'r-1', Colour: 'red' };
    expect(await harness.process([requestDelivery('r-1', 'first', { id: 'again', attributes })])).toEqual([]);
    expect(harness.event.data).toBe('first');
  });

  test('costs no write more: two for a request that succeeds at once', async () => {
    const harness = new EngineHarness((request) => request.json());
    await harness.process([requestDelivery('r-1', 'first')]);
    expect(harness.records.writes).toBe(2);
    expect(harness.records.record('r-1')?.payload).toEqual({
      digest: expect.stringMatching(/^[\w-]{22}$/),
      messageId: 'message-r-1',
      sentAt: START,
    });
  });
});

describe('B3: a reference without a version', () => {
  function service() {
    const harness = new EngineHarness(async (request) => {
      const text = await request.text();
      if (request.attempt === 1) throw new Error('try again');
      return text;
    });
    const event = { specversion: '1.0', id: 'r-1', source: '', type: 't', dataref: 's3://payloads/a' };
    harness.store.put('a', 'first');
    return { harness, message: delivery(JSON.stringify({ ...event, source: '/s' })) };
  }

  test('means the version it meant to the first attempt', async () => {
    const { harness, message } = service();
    expect(await harness.process([message])).toEqual(['message-1']);
    harness.store.put('a', 'second');
    expect(await harness.process([message])).toEqual([]);
    expect(harness.event.data).toBe('first');
  });

  test('means it though the object was deleted since', async () => {
    const { harness, message } = service();
    await harness.process([message]);
    harness.store.remove('a');
    await harness.process([message]);
    expect(harness.event.data).toBe('first');
  });

  test('is followed though the store won’t say its version', async () => {
    const { harness, message } = service();
    harness.store.faults.inject('versionOf', 'fails before');
    expect(await harness.process([message])).toEqual(['message-1']);
    expect(await harness.process([message])).toEqual([]);
    expect(harness.event.data).toBe('first');
  });
});

test('B3: a message whose stored payload changed since its first attempt ends its request as failed', async () => {
  const harness = new EngineHarness(failingFirst);
  const pointer = [
    'software.amazon.payloadoffloading.PayloadS3Pointer',
    { s3BucketName: 'payloads', s3Key: 'a' },
  ];
  const message = delivery(JSON.stringify(pointer));
  harness.store.put('a', '"first"');
  expect(await harness.process([message])).toEqual(['message-1']);
  harness.store.put('a', '"second"');
  expect(await harness.process([message])).toEqual([]);
  expect(harness.problem.code).toBe('payload_changed');
});

test('B3, fault 34: a record of before payloads were pinned is taken as it is, and pinned', async () => {
  const { harness, own } = await begun();
  const request = { id: 'r-1', source: '' };
  const item = {
    record: {
      S: '{"request":{"id":"r-1","source":""},"status":"queued","attempts":1,"createdAt":1,"updatedAt":1}',
    },
    revision: { N: '1' },
    ttl: { N: String(START) },
  };
  harness.records.drop(request);
  await harness.records.write({ ...storedOf(item), keptUntil: START + 86_400_000 });
  expect(await harness.process([own])).toEqual([]);
  expect(harness.event.data).toBe('first');
  expect(harness.records.record('r-1')).toMatchObject({ payload: { messageId: own.id } });
});

test('B3: different payloads have different digests, and so have different types', () => {
  const requests = [
    decodedRequest('hello'),
    decodedRequest('hallo'),
    decodedRequest('hello', { attributes: { ContentType: 'text/csv' } }),
    ...['a', 'a?versionId=1', 'b'].map((path) =>
      decodedRequest({
        specversion: '1.0',
        id: '1',
        source: 's',
        type: 't',
        dataref: `s3://payloads/${path}`,
      }),
    ),
  ];
  expect(new Set(requests.map(payloadDigest)).size).toBe(requests.length);
});
