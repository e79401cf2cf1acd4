import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { QueueMessage } from '../../../lib/core/model/received-message.ts';
import { decode } from '../../../lib/core/wire/decode.ts';
import { isMessageText } from '../../../lib/core/wire/message-text.ts';
import { encodeRelayed, type RelayedContent } from '../../../lib/core/wire/relayed-message.ts';
import { requestIds } from '../../support/arbitrary.ts';
import { delivery } from '../../support/delivery.ts';

const LIMITS = { maxJsonDepth: 100 };

const texts = fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: 'binary' }), { maxKeys: 4 });
const bytes = fc.uint8Array({ minLength: 1 }).map((array) => new Uint8Array(array));

const messages: fc.Arbitrary<RelayedContent> = fc.record(
  {
    id: requestIds,
    body: fc.oneof(fc.string({ unit: 'binary' }), fc.json()),
    bytes,
    attributes: fc.oneof(texts, fc.record({ RequestId: requestIds, Tenant: requestIds })),
    cloudEvent: fc.record({
      specversion: fc.constant('1.0'),
      id: requestIds,
      source: fc.constant('/orders'),
      type: fc.constant('order'),
      note: fc.option(fc.string(), { nil: undefined }),
    }),
  },
  { requiredKeys: ['id', 'body', 'attributes'] },
);

/** A message as a queue delivers it: the body is empty if it isn't text. */
function asDelivered(message: RelayedContent): QueueMessage {
  return { sentAt: 0, ...message, ...(message.bytes && { body: '' }) };
}

test('a relayed message is the request that it was before, in text that a queue can hold', () => {
  fc.assert(
    fc.property(messages, (message) => {
      const before = asDelivered(message);
      const relayed = encodeRelayed(before);
      expect(isMessageText(relayed)).toBe(true);
      expect(decode(delivery(relayed, { id: 'id-in-the-queue' }), LIMITS)).toEqual(decode(before, LIMITS));
    }),
  );
});

test('a relayed message keeps its id, so that it is one request however often it is relayed', () => {
  const relayed = encodeRelayed({ id: 'orders:0:7:1700000000000', body: 'x', attributes: {} });
  const [first, second] = ['one', 'two'].map((id) => decode(delivery(relayed, { id }), LIMITS));
  expect(first).toMatchObject([{ id: 'orders:0:7:1700000000000', payload: { inline: 'x' } }]);
  expect(second).toEqual(first);
});

test.each(['', 'a\nb', 'x'.repeat(257)])('a relayed message with the id %j has the id of its queue', (id) => {
  const relayed = encodeRelayed({ id, body: 'x', attributes: {} });
  expect(decode(delivery(relayed, { id: 'id-in-the-queue' }), LIMITS)).toMatchObject([
    { id: 'id-in-the-queue', payload: { inline: 'x' } },
  ]);
});

describe('a relayed message that is malformed is a rejected request with its id:', () => {
  test.each([
    ['without data', {}, 'data must be an object'],
    [
      'attributes that are no texts',
      { data: { body: 'x', attributes: { a: 1 } } },
      'attributes must be an object of strings',
    ],
    ['a body that is no text', { data: { body: 5 } }, 'body must be a text, got 5'],
  ])('%s', (_, members, problem) => {
    const event = { specversion: '1.0', id: 'r-1', source: 'coatcheck', type: 'coatcheck.message.relayed' };
    const [decoded] = decode(delivery(JSON.stringify({ ...event, ...members })), LIMITS);
    expect(decoded).toMatchObject({ id: 'r-1', rejection: { code: 'envelope_malformed' } });
    expect(decoded && 'rejection' in decoded ? decoded.rejection.message : '').toContain(problem);
  });
});
