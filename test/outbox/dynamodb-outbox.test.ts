import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, test } from 'vitest';
import { readOutboxEntry } from '../../lib/core/wire/outbox-entry.ts';
import { DynamoDbOutbox, type DynamoDbOutboxOptions } from '../../lib/outbox/index.ts';
import { decodedRequest } from '../support/decoded.ts';

const outbox = new DynamoDbOutbox({ tableName: 'outbox' });

describe('a request for a transaction', () => {
  test('is the item of its row, which replaces no other', async () => {
    const { id, transactItem, documentItem } = await outbox.put({ order: 17 }, { orderingKey: 'order-17' });
    expect(documentItem).toEqual({
      Put: {
        TableName: 'outbox',
        Item: {
          id,
          aggregatetype: 'request',
          aggregateid: 'order-17',
          type: 'coatcheck.request.submitted',
          payload: expect.any(String),
        },
        ConditionExpression: 'attribute_not_exists(#key)',
        ExpressionAttributeNames: { '#key': 'aggregateid' },
      },
    });
    const { Item, ...others } = documentItem.Put;
    expect(transactItem).toEqual({ Put: { ...others, Item: marshall(Item) } });
    expect(decodedRequest(Item.payload ?? '')).toMatchObject({
      id,
      payload: { json: { value: { order: 17 } } },
    });
  });

  test('has an id that is a token for its transaction: at most 36 characters', async () => {
    const { id } = await outbox.put('x');
    expect(id).toMatch(/^[0-9a-f-]{1,36}$/);
  });

  test.each([
    ['with a sort key', { partitionKey: 'PK', sortKey: 'SK' }, { PK: 'outbox#order-17', SK: '<id>' }],
    ['without one', { partitionKey: 'id' }, { id: 'outbox#<id>' }],
    ['and a prefix', { partitionKey: 'PK', sortKey: 'id', prefix: 'o/' }, { PK: 'o/order-17', id: '<id>' }],
  ])('goes into a table with other items %s', async (_, keys, expected) => {
    const shared = new DynamoDbOutbox({ tableName: 'app', keys });
    const { id, documentItem } = await shared.put('x', { orderingKey: 'order-17' });
    const { Item, ExpressionAttributeNames } = documentItem.Put;
    const filled = Object.entries(expected).map(([name, value]) => [name, value.replace('<id>', id)]);
    expect(Item).toMatchObject(Object.fromEntries(filled));
    expect(ExpressionAttributeNames).toEqual({ '#key': keys.partitionKey });
    expect(readOutboxEntry(Item)).toMatchObject({ id, orderingKey: 'order-17' });
  });

  test('may have 400 KB, and is refused above without a bucket', async () => {
    const { documentItem } = await outbox.put('x');
    const bytes = Object.entries(documentItem.Put.Item).flat().join('').length - 1;
    const room = 400 * 1_024 - bytes;
    await expect(outbox.put('x'.repeat(room))).resolves.toMatchObject({ id: expect.any(String) });
    await expect(outbox.put('x'.repeat(room + 1))).rejects.toThrow(
      'An item of DynamoDB has at most 409600 bytes, and that of the request would have 409601: set the option payloads of ' +
        'DynamoDbOutbox, so that large payloads go to S3',
    );
  });

  test('is refused as outboxRow() refuses it', async () => {
    await expect(outbox.put('')).rejects.toMatchObject({ name: 'PayloadEmpty' });
    await expect(outbox.put('x', { topic: 'no topic' })).rejects.toMatchObject({ code: 'topic_invalid' });
    await expect(outbox.put(undefined)).rejects.toThrow(TypeError);
  });
});

describe('options that are refused', () => {
  test.each<[string, unknown, string]>([
    ['no table', {}, "tableName must be text that isn't empty, got nothing"],
    [
      'an empty prefix',
      { tableName: 't', keys: { partitionKey: 'PK', prefix: '' } },
      'keys.prefix must be text',
    ],
    [
      'keys that are columns',
      { tableName: 't', keys: { partitionKey: 'type' } },
      'keys.partitionKey must not be a column of a row (aggregatetype, aggregateid, type, payload, tracingspancontext), got "type"',
    ],
    [
      'no bucket',
      { tableName: 't', payloads: {} },
      "payloads.bucket must be text that isn't empty, got nothing",
    ],
    ['a limit without a bucket', { tableName: 't', inlineLimitBytes: 1 }, 'inlineLimitBytes needs payloads'],
    [
      'half a byte',
      { tableName: 't', payloads: { bucket: 'b' }, inlineLimitBytes: 0.5 },
      'inlineLimitBytes must be a whole number of bytes from 0, got 0.5',
    ],
  ])('%s', (_, options, problem) => {
    expect(() => new DynamoDbOutbox(options as DynamoDbOutboxOptions)).toThrow(problem);
  });
});
