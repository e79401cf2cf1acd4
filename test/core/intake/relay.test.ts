import { beforeEach, describe, expect, test } from 'vitest';
import { Relay } from '../../../lib/core/intake/relay.ts';
import type { QueueMessage } from '../../../lib/core/model/received-message.ts';
import { encodeRelayed } from '../../../lib/core/wire/relayed-message.ts';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';
import { MemoryPayloadStore } from '../../../lib/stores/memory/payload-store.ts';

let queue: MemoryOutputQueue;
let store: MemoryPayloadStore;
let relay: Relay;

beforeEach(() => {
  queue = new MemoryOutputQueue();
  store = new MemoryPayloadStore();
  relay = new Relay({ queue, store }, { payloadPrefix: 'payloads/', ordered: false });
});

function message(id: string, given: Partial<QueueMessage> = {}): QueueMessage {
  return { id, body: `body of ${id}`, attributes: {}, sentAt: 0, ...given };
}

test('a hundred messages take ten calls', async () => {
  const messages = Array.from({ length: 100 }, (_, index) => message(`m-${index}`));
  await relay.relay(messages);
  expect(queue.calls).toHaveLength(10);
  expect(queue.messages.map(({ body }) => body).toSorted()).toEqual(messages.map(encodeRelayed).toSorted());
});

test('a message that is too large for the queue is stored, and a pointer is sent', async () => {
  queue.maxMessageBytes = 1_000;
  const large = message('large', { body: 'x'.repeat(1_000) });
  await relay.relay([message('small'), large]);
  const [small, pointer] = queue.messages;
  expect(small?.body).toBe(encodeRelayed(message('small')));
  const [kind, { s3BucketName: bucket, s3Key: key }] = JSON.parse(pointer?.body ?? '');
  expect(kind).toBe('software.amazon.payloadoffloading.PayloadS3Pointer');
  expect(bucket).toBe('payloads');
  expect(key).toMatch(/^payloads\/relayed-[0-9a-f]{32}$/);
  const { body } = await store.open({ bucket, key }, new AbortController().signal);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe(encodeRelayed(large));
});

test('large messages of two tenants with one id are stored apart', async () => {
  queue.maxMessageBytes = 1_000;
  const body = 'x'.repeat(1_000);
  const tenants = ['a', 'b'].map((tenant) => message('id', { body, attributes: { Tenant: tenant } }));
  await relay.relay([...tenants, message('id', { body })]);
  expect(new Set(queue.messages.map(({ body }) => body)).size).toBe(3);
});

test('the queue is fair among tenants', async () => {
  await relay.relay([
    message('a', { attributes: { Tenant: 'acme' }, group: 'g-1' }),
    message('b', { attributes: { Tenant: 'acme' } }),
    message('c', { group: 'g-1' }),
  ]);
  const [a, b, c] = queue.messages.map(({ group }) => group);
  expect(a).toMatch(/^[0-9a-f]{32}$/);
  expect(b).toBe(a);
  expect(c).toBeUndefined();
});

test('it fails if the queue refuses one of the messages, so that the batch is delivered again', async () => {
  const refused = encodeRelayed(message('bad'));
  queue.refuse = ({ body }) =>
    body === refused ? { sent: false, refused: true, reason: 'AccessDenied' } : undefined;
  await expect(relay.relay([message('good'), message('bad')])).rejects.toThrow(
    'The input queue did not accept 1 of 2 messages: AccessDenied',
  );
  expect(queue.messages).toHaveLength(1);
});

describe('to a queue that keeps order', () => {
  beforeEach(() => {
    relay = new Relay({ queue, store }, { payloadPrefix: 'payloads/', ordered: true });
  });

  test('messages are grouped by tenant and key, wherever the key is', async () => {
    const event = { specversion: '1.0', id: '1', source: '/a', type: 'a', partitionkey: 'k' };
    await relay.relay([
      message('attribute', { attributes: { OrderingKey: 'k' } }),
      message('event', { cloudEvent: event }),
      message('structured event', { body: JSON.stringify({ ...event, data: 1 }) }),
      message('group', { group: 'k' }),
      message('other key', { attributes: { OrderingKey: 'l' } }),
      message('other tenant', { attributes: { OrderingKey: 'k', Tenant: 'acme' } }),
      message('tenant', { attributes: { Tenant: 'acme' } }),
      message('none'),
    ]);
    const groupOf = (id: string) =>
      queue.messages.find(({ body }) => JSON.parse(body).id === id)?.group ?? 'missing';
    expect(groupOf('event')).toBe(groupOf('attribute'));
    expect(groupOf('structured event')).toBe(groupOf('attribute'));
    expect(groupOf('group')).toBe(groupOf('attribute'));
    const others = ['attribute', 'other key', 'other tenant', 'tenant', 'none'].map(groupOf);
    expect(new Set(others).size).toBe(5);
    for (const group of others) expect(group).toMatch(/^[0-9a-f]{32}$/);
  });

  test('a message that is relayed twice has one name', async () => {
    await relay.relay([message('a'), message('b')]);
    await relay.relay([message('a')]);
    const [a, b, again] = queue.messages.map(({ deduplicationId }) => deduplicationId);
    expect(a).toMatch(/^[0-9a-f]{32}$/);
    expect(b).not.toBe(a);
    expect(again).toBe(a);
  });

  test('each group is sent in order, whatever the sizes of its messages, and groups share calls', async () => {
    const messages = Array.from({ length: 40 }, (_, nth) =>
      message(String(nth), { group: `key-${nth % 4}`, body: 'x'.repeat((nth * 7_919) % 1_000) }),
    );
    await relay.relay(messages);
    const ids = Map.groupBy(queue.messages, ({ group = '' }) => group);
    expect(ids.size).toBe(4);
    for (const sent of ids.values()) {
      const order = sent.map(({ body }) => Number(JSON.parse(body).id));
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }
    expect(queue.calls).toHaveLength(10);
  });

  test('after a message that is refused, none of its group is sent', async () => {
    queue.refuse = ({ body }) =>
      JSON.parse(body).id === 'a2' ? { sent: false, refused: true, reason: 'AccessDenied' } : undefined;
    const sending = ['a1', 'b1', 'a2', 'b2', 'a3'].map((id) => message(id, { group: id.slice(0, 1) }));
    await expect(relay.relay(sending)).rejects.toThrow(
      'The input queue did not accept 2 of 5 messages: AccessDenied',
    );
    expect(queue.messages.map(({ body }) => JSON.parse(body).id).toSorted()).toEqual(['a1', 'b1', 'b2']);
  });
});
