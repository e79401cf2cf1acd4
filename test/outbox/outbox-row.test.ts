import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OutboxOptions, outboxRow } from '../../lib/outbox/outbox-row.ts';
import { decodedRequest } from '../support/decoded.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('an outbox row', () => {
  test('has the columns of Debezium, and the id of its request', () => {
    const row = outboxRow({ order: 17 }, { topic: 'payments.request', orderingKey: 'order-17' });
    expect(Object.keys(row)).toEqual([
      'id',
      'aggregatetype',
      'aggregateid',
      'type',
      'payload',
      'tracingspancontext',
    ]);
    expect(row).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      aggregatetype: 'payments.request',
      aggregateid: 'order-17',
      type: 'coatcheck.request.submitted',
      tracingspancontext: null,
    });
    expect(decodedRequest(row.payload)).toMatchObject({
      id: row.id,
      source: '',
      topic: 'payments.request',
      contentType: 'application/json',
      payload: { json: { value: { order: 17 } } },
    });
  });

  test('without a topic and a key is of the type "request", and has an order of its own', () => {
    const row = outboxRow('two apples');
    expect(row).toMatchObject({ aggregatetype: 'request', aggregateid: row.id });
  });

  test('carries all terms of the request', () => {
    const terms = {
      tenant: 'acme',
      metadata: { order: '17' },
      minVersion: '1.4',
      priority: 'high',
      callbackUrl: 'https://example.com/hook',
      traceparent: TRACEPARENT,
    } satisfies OutboxOptions;
    const notBefore = new Date(Date.now() + 60_000);
    const expiresAt = new Date(Date.now() + 120_000);
    const row = outboxRow('text', { ...terms, notBefore, expiresAt });
    expect(row.tracingspancontext).toBe(`traceparent=${TRACEPARENT}`);
    expect(decodedRequest(row.payload)).toMatchObject({
      ...terms,
      notBefore: notBefore.getTime(),
      expiresAt: expiresAt.getTime(),
    });
  });

  test('leaves out a trace that is none', () => {
    const row = outboxRow('text', { traceparent: 'garbage' });
    expect(row.tracingspancontext).toBeNull();
    expect(decodedRequest(row.payload).traceparent).toBeUndefined();
  });

  test('keeps any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        const { payload } = decodedRequest(outboxRow(bytes).payload);
        expect(payload).toEqual({ inline: Buffer.from(bytes) });
      }),
    );
  });

  test.each([
    ['an empty payload', '', {}, 'payload_empty'],
    ['a topic that is none', 'x', { topic: 'a b' }, 'topic_invalid'],
    ['an ordering key that is none', 'x', { orderingKey: ' key' }, 'ordering_key_invalid'],
    ['a tenant that is none', 'x', { tenant: '' }, 'tenant_invalid'],
    ['a time that is none', 'x', { notBefore: new Date(Number.NaN) }, 'not_before_invalid'],
    ['a content type that is none', 'x', { contentType: 'text/\u0001' }, 'content_type_invalid'],
    ['a callback URL that is none', 'x', { callbackUrl: '/hook' }, 'callback_refused'],
  ])('is refused for %s', (_, payload, options, code) => {
    expect(() => outboxRow(payload, options)).toThrow(expect.objectContaining({ code }));
  });

  test('is refused for what JSON does not know', () => {
    expect(() => outboxRow(undefined)).toThrow(TypeError);
  });
});
