import { describe, expect, test } from 'vitest';
import type { Handler } from '../../../lib/core/processor/handler.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

const streaming = { outputFormat: 'cloudevents-stream' } as const;

function harnessFor(handler: Handler): EngineHarness {
  return new EngineHarness(handler, streaming);
}

function eventsOf(harness: EngineHarness) {
  return harness.output.messages.map(({ body }) => JSON.parse(body));
}

/** What the chunks of an attempt are together. */
function joined(events: readonly Record<string, string>[]): Buffer {
  const chunks = events.filter(({ type }) => type === 'coatcheck.request.chunk');
  return Buffer.concat(
    chunks.map(({ data, data_base64 }) =>
      Buffer.from(data ?? data_base64 ?? '', data === undefined ? 'base64' : 'utf8'),
    ),
  );
}

test('chunks are published before the next one is read, and the outcome has the whole result', async () => {
  const seen: number[] = [];
  const harness: EngineHarness = harnessFor(() => {
    const parts = (async function* () {
      for (const part of ['eins ', 'zwei ä']) {
        seen.push(harness.output.messages.length);
        yield Buffer.from(part);
      }
    })();
    return new Response(ReadableStream.from(parts), { headers: { 'content-type': 'text/plain' } });
  });
  await harness.process([requestDelivery('r-1')]);
  expect(seen).toEqual([0, 1]);
  const events = eventsOf(harness);
  const chunk = {
    specversion: '1.0',
    source: expect.stringMatching(/^\/coatcheck\//),
    type: 'coatcheck.request.chunk',
    subject: 'r-1',
    attempt: 1,
    datacontenttype: 'text/plain',
  };
  expect(events).toMatchObject([
    { ...chunk, sequence: '0000000001', data: 'eins ' },
    { ...chunk, sequence: '0000000002', data: 'zwei ä' },
    { type: 'coatcheck.request.succeeded', subject: 'r-1', data: 'eins zwei ä' },
  ]);
  expect(new Set(events.map(({ id }) => id)).size).toBe(3);
});

describe('a chunk larger than a message is split', () => {
  test.each([
    ['text/plain', Buffer.from('ä😀'.repeat(400_000))],
    ['application/octet-stream', Buffer.alloc(2_000_000, 255)],
  ])('%s', async (type, bytes) => {
    const cut = [bytes.subarray(0, 3), bytes.subarray(3)];
    const harness = harnessFor(
      () => new Response(ReadableStream.from(cut), { headers: { 'content-type': type } }),
    );
    await harness.process([requestDelivery('r-1')]);
    const events = eventsOf(harness);
    expect(joined(events).equals(bytes)).toBe(true);
    expect(events.at(-1)).toMatchObject({ type: 'coatcheck.request.succeeded', dataref: expect.any(String) });
  });
});

test('an attempt that is retried begins anew, under its own number', async () => {
  const harness = harnessFor((request) =>
    ReadableStream.from(
      (async function* () {
        yield Buffer.from('a');
        if (request.attempt === 1) throw new Error('broken');
        yield Buffer.from('b');
      })(),
    ),
  );
  expect(await harness.process([requestDelivery('r-1')])).toHaveLength(1);
  await harness.process([requestDelivery('r-1', {}, { deliveryCount: 2 })]);
  expect(eventsOf(harness).map(({ attempt, sequence }) => [attempt, Number(sequence)])).toEqual([
    [1, 1],
    [2, 1],
    [2, 2],
    [undefined, Number.NaN],
  ]);
  expect(new Set(eventsOf(harness).map(({ id }) => id)).size).toBe(4);
});

test('a result that is no stream has no chunks, nor has an error response', async () => {
  const harness = harnessFor(async (request) =>
    (await request.text()) === 'refuse' ? new Response('no', { status: 400 }) : { a: 1 },
  );
  await harness.process([delivery('value', { id: 'm-1' }), delivery('refuse', { id: 'm-2' })]);
  const types = eventsOf(harness).map(({ type }) => type);
  expect(types.toSorted()).toEqual(['coatcheck.request.failed', 'coatcheck.request.succeeded']);
});

test('an output queue that is down makes the attempt fail, and the next one publishes all', async () => {
  const harness = harnessFor(() => new Response('a', { headers: { 'content-type': 'text/plain' } }));
  harness.output.faults.inject('send', 'fails before');
  expect(await harness.process([requestDelivery('r-1')])).toHaveLength(1);
  harness.output.faults.clear('send');
  await harness.process([requestDelivery('r-1', {}, { deliveryCount: 2 })]);
  expect(eventsOf(harness)).toMatchObject([
    { attempt: 2, data: 'a' },
    { type: 'coatcheck.request.succeeded', data: 'a' },
  ]);
});
