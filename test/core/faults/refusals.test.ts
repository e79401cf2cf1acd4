import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import type { Pause } from '../../../lib/core/ports/pausing.ts';
import type { Handler } from '../../../lib/core/processor/handler.ts';
import { MemoryOutputQueue, type SendFailure } from '../../../lib/stores/memory/output-queue.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';

const REFUSED: SendFailure = { sent: false, refused: true, reason: 'InvalidParameterValue: too long' };

/** A service, and the pauses that it asks for. */
function service(handler: Handler, options: HarnessOptions = {}) {
  const pauses: Pause[] = [];
  const ports = { ...options.ports, pauses: { request: async (pause: Pause) => void pauses.push(pause) } };
  return { harness: new EngineHarness(handler, { ...options, ports }), pauses };
}

describe('A1: an output queue that takes less than SQS does', () => {
  test.each([
    ['262,000 bytes of text', 'x'.repeat(262_000)],
    ['200,000 bytes', new Uint8Array(200_000)],
  ])('gets %s by reference', async (_, result) => {
    const { harness, pauses } = service(() => result);
    harness.output.maxMessageBytes = 262_144;
    expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
    expect(harness.event).toMatchObject({
      type: 'coatcheck.request.succeeded',
      dataref: expect.stringMatching(/^s3:/),
    });
    expect(pauses).toEqual([]);
  });

  test.each(['cloudevents', 'raw'] as const)(
    'and says so only by refusing: the same, as %s',
    async (outputFormat) => {
      const { harness, pauses } = service(() => 'x'.repeat(2_000), { outputFormat });
      harness.output.refuse = ({ body }) => (body.length > 1_000 ? REFUSED : undefined);
      expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
      expect(harness.output.messages).toHaveLength(1);
      expect(harness.output.messages[0]?.body).toMatch(/s3:|PayloadS3Pointer/);
      expect(harness.records.record('r-1')).toMatchObject({ status: 'succeeded' });
      expect(pauses).toEqual([]);
    },
  );

  test('gets a failure without its details, where these are too large', async () => {
    const { harness } = service(() => {
      throw new PermanentError('no', { details: { rows: 'x'.repeat(20_000) } });
    });
    harness.output.maxMessageBytes = 8_192;
    expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
    expect(harness.problem).toMatchObject({ code: 'handler_failed', detail: 'no' });
    expect(harness.problem).not.toHaveProperty('details');
  });
});

test('A2: a result is measured in the outcome that is sent, with the trace that only its upload names', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const { harness, pauses } = service(() => new Uint8Array(786_228 - 3), { inlineLimitBytes: 1_000_000 });
  const key = 'requests/a';
  const versionId = harness.store.put(key, '1', { metadata: { traceparent } });
  const message = delivery(s3Event(s3Record({ key, versionId, size: 1 })));
  expect(await harness.process([message])).toEqual([]);
  expect(harness.event).toMatchObject({ type: 'coatcheck.request.succeeded', traceparent });
  expect(harness.output.calls).toHaveLength(1);
  expect(pauses).toEqual([]);
});

describe('a message that the queue refuses for its own fault', () => {
  test('A3: opens no circuit, however many are refused in a row', async () => {
    const { harness, pauses } = service((request) => request.id);
    harness.output.refuse = ({ body }) => (/"r-\d+"/.test(body) ? REFUSED : undefined);
    for (let index = 0; index < 10; index++) {
      expect(await harness.process([requestDelivery(`r-${index}`)])).toEqual([]);
    }
    harness.output.refuse = () => undefined;
    expect(await harness.process([requestDelivery('innocent')])).toEqual([]);
    expect(harness.statuses).toEqual({ innocent: 'succeeded' });
    expect(pauses).toEqual([]);
  });

  test('A1: in every form of its success ends as a failure, recorded and published', async () => {
    const { harness } = service(() => 'result');
    harness.output.refuse = ({ body }) => (body.includes('succeeded') ? REFUSED : undefined);
    expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
    expect(harness.statuses).toEqual({ 'r-1': 'failed' });
    expect(harness.problem).toMatchObject({ code: 'outcome_unpublishable', attempts: 1 });
    expect(harness.records.record('r-1')).toMatchObject({
      status: 'failed',
      outcome: { problem: { code: 'outcome_unpublishable' } },
    });
    // The failure is the request's end: a second delivery publishes it again.
    expect(await harness.process([requestDelivery('r-1', {}, { deliveryCount: 2 })])).toEqual([]);
    expect(new Set(harness.events.map(({ id }) => id)).size).toBe(1);
  });

  test('A1: in every form there is goes to the dead-letter queue, recorded as failed', async () => {
    const { harness } = service(() => 'result');
    harness.output.refuse = () => REFUSED;
    expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
    expect(harness.records.record('r-1')).toMatchObject({ status: 'failed' });
    expect(harness.deadLetters.messages).toMatchObject([
      {
        attributes: {
          RequestId: { value: 'r-1' },
          DeadLetterCode: { value: 'outcome_unpublishable' },
          DeadLetterDetail: { value: REFUSED.reason },
        },
      },
    ]);
  });

  test('A3: by the webhook queue is dead-lettered, and its outcome published', async () => {
    const webhooks = new MemoryOutputQueue();
    webhooks.refuse = () => REFUSED;
    const { harness, pauses } = service((request) => request.id, {
      callbacks: 'public',
      ports: { webhooks },
    });
    for (let index = 0; index < 6; index++) {
      const attributes = { RequestId: `r-${index}`, CallbackUrl: 'https://example.com/hook' };
      expect(await harness.process([requestDelivery(`r-${index}`, {}, { attributes })])).toEqual([]);
    }
    expect(Object.values(harness.statuses)).toEqual(Array(6).fill('succeeded'));
    expect(harness.deadLetters.messages).toHaveLength(6);
    expect(harness.deadLetters.messages[0]?.attributes.DeadLetterCode?.value).toBe('webhook_unpublishable');
    expect(pauses).toEqual([]);
  });
});
