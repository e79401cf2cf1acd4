import { describe, expect, test } from 'vitest';
import { orderingGroup } from '../../../lib/core/model/ordering-group.ts';
import type { QueueMessage } from '../../../lib/core/model/received-message.ts';
import { messageGroupOf, orderingPlaceOf } from '../../../lib/core/wire/message-group.ts';

const EVENT = { specversion: '1.0', id: '1', source: '/a', type: 'a' };

function message(given: Partial<QueueMessage>): QueueMessage {
  return { id: 'm', body: '', attributes: {}, sentAt: 0, ...given };
}

describe('orderingPlaceOf', () => {
  test.each<[string, Partial<QueueMessage>, unknown]>([
    ['nothing', {}, {}],
    ['attributes', { attributes: { OrderingKey: 'k', Tenant: 't' } }, { key: 'k', tenant: 't' }],
    [
      'an event in binary mode',
      { cloudEvent: { ...EVENT, partitionkey: 'k', tenant: 't' } },
      { key: 'k', tenant: 't' },
    ],
    [
      'an event in structured mode',
      { body: ` ${JSON.stringify({ ...EVENT, partitionkey: 'k', tenant: 't' })}` },
      { key: 'k', tenant: 't' },
    ],
    [
      'attributes before an event',
      { attributes: { OrderingKey: 'k' }, cloudEvent: { ...EVENT, partitionkey: 'l' } },
      { key: 'k' },
    ],
    [
      'the tenant of an event without a key',
      { body: JSON.stringify({ ...EVENT, tenant: 't' }) },
      { tenant: 't' },
    ],
    [
      'the tenant of an event before an attribute',
      { attributes: { Tenant: 'a' }, body: JSON.stringify({ ...EVENT, tenant: 't' }) },
      { tenant: 't' },
    ],
    ['no tenant of an event from an attribute', { attributes: { Tenant: 'a' }, cloudEvent: EVENT }, {}],
    ['an empty key', { cloudEvent: { ...EVENT, partitionkey: '' } }, {}],
    ['a number as the key', { body: JSON.stringify({ ...EVENT, partitionkey: 1 }) }, {}],
    ['JSON that is no event', { body: '{"partitionkey":"k"}' }, {}],
    [
      'data of a binary event',
      { cloudEvent: EVENT, body: JSON.stringify({ ...EVENT, partitionkey: 'k' }) },
      {},
    ],
    ['what is no JSON', { body: '{"partitionkey"' }, {}],
  ])('reads %s', (_, given, expected) => {
    expect(orderingPlaceOf(message(given))).toEqual({
      tenant: undefined,
      key: undefined,
      ...(expected as object),
    });
  });
});

describe('messageGroupOf', () => {
  test('is the key itself, so that outcomes have it, if every queue takes it as a group', () => {
    expect(messageGroupOf(message({ attributes: { OrderingKey: 'account-7' } }))).toBe('account-7');
    expect(messageGroupOf(message({}), 'record-key')).toBe('record-key');
    expect(messageGroupOf(message({ attributes: { OrderingKey: 'k' } }), 'record-key')).toBe('k');
    const hard = messageGroupOf(message({}), 'schlüssel mit Leerzeichen');
    expect(hard).toBe(orderingGroup(undefined, 'schlüssel mit Leerzeichen'));
  });

  test('is one for each key of each tenant', () => {
    const all: readonly Record<string, string>[] = [
      {},
      { Tenant: 't' },
      { OrderingKey: 'k' },
      { OrderingKey: 'k', Tenant: 't' },
    ];
    const groups = all.map((attributes) => messageGroupOf(message({ attributes })));
    expect(new Set(groups).size).toBe(4);
  });

  test('is the same for the dead letter of a message, which has its group', () => {
    const sent = message({ attributes: { Tenant: 't' } });
    const group = messageGroupOf(sent, 'record-key');
    expect(messageGroupOf({ ...sent, group }, group)).toBe(group);
  });
});
