import { describe, expect, test } from 'vitest';
import { encodeRelayed } from '../../lib/core/wire/relayed-message.ts';
import { outboxRow } from '../../lib/outbox/outbox-row.ts';
import type { StoredRow } from '../../lib/outbox/outbox-source.ts';
import { rowMessage } from '../../lib/outbox/row-message.ts';
import { decodedRequest } from '../support/decoded.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** As Debezium's documentation has it. */
const FOREIGN: StoredRow = {
  id: '406c07f3-26f0-4eea-a50c-109940064b8f',
  aggregatetype: 'Order',
  aggregateid: '1',
  type: 'OrderCreated',
  payload: '{"id": 1, "lineItems": [{"id": 1, "status": "ENTERED"}], "customerId": 123}',
  tracingspancontext: null,
};

/** What a worker decodes from the message of a row. */
function received(row: StoredRow) {
  return decodedRequest(encodeRelayed(rowMessage(row).message));
}

describe('the message of a row', () => {
  test('of ours is the request', () => {
    const row = outboxRow({ order: 17 }, { topic: 'payments', orderingKey: 'order-17', tenant: 'acme' });
    expect(received(row)).toEqual(decodedRequest(row.payload));
    expect(received(row).id).toBe(row.id);
    expect(rowMessage(row).message.attributes).toEqual({ RequestId: row.id, OrderingKey: 'order-17' });
  });

  test('of another library has the id, the topic, the type and the trace of its columns', () => {
    const tracingspancontext = `#Fri Nov 27 10:11:12 UTC 2026\ntraceparent=${TRACEPARENT}\n`;
    expect(received({ ...FOREIGN, tracingspancontext })).toMatchObject({
      id: FOREIGN.id,
      source: '',
      topic: 'Order',
      metadata: { type: 'OrderCreated' },
      traceparent: TRACEPARENT,
      contentType: 'application/json',
      payload: { inline: FOREIGN.payload },
    });
  });

  test('of another library keeps bytes, and an aggregate type that is no topic', () => {
    const bytes = new Uint8Array([0, 255, 1]);
    const request = received({ ...FOREIGN, aggregatetype: 'Order line', payload: bytes });
    expect(request).toMatchObject({
      contentType: 'application/octet-stream',
      metadata: { type: 'OrderCreated', aggregatetype: 'Order line' },
      payload: { inline: bytes },
    });
    expect(request.topic).toBeUndefined();
  });

  test('of another library has no attributes of columns that are empty', () => {
    const { attributes } = rowMessage({ ...FOREIGN, aggregatetype: '', type: '' }).message;
    expect(attributes).toEqual({ RequestId: FOREIGN.id, OrderingKey: '1' });
  });

  test.each([
    ['without a payload', { ...FOREIGN, payload: '' }, 'payload_empty'],
    ['of ours that is no request', { ...outboxRow('x'), payload: '{"order":' }, 'envelope_malformed'],
    ['of ours with another id', { ...outboxRow('x'), id: FOREIGN.id }, 'envelope_malformed'],
    ['with an id that is none', { ...FOREIGN, id: '' }, 'envelope_malformed'],
  ])('is refused %s', (_, row, code) => {
    expect(() => rowMessage(row)).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    ['escaped, as Java writes properties', `traceparent\\=x=1\ntraceparent=${TRACEPARENT}\ntracestate=a\\=1`],
    ['with spaces, or colons', `traceparent : ${TRACEPARENT}\r\ntracestate=a=1`],
  ])('has a trace that is %s', (_, tracingspancontext) => {
    expect(received({ ...FOREIGN, tracingspancontext })).toMatchObject({
      traceparent: TRACEPARENT,
      tracestate: 'a=1',
    });
  });

  test('has no trace that is none', () => {
    expect(received({ ...FOREIGN, tracingspancontext: 'uber-trace-id=1:2:3:4' }).traceparent).toBeUndefined();
  });
});
