import { describe, expect, test } from 'vitest';
import { PayloadMissing, StoreUnavailable } from '../../../lib/core/base/errors.ts';
import { uploadMessages } from '../../../lib/core/intake/upload-messages.ts';
import type { OpenedPayload } from '../../../lib/core/ports/payload-store.ts';
import { decode } from '../../../lib/core/wire/decode.ts';
import { encodeRelayed } from '../../../lib/core/wire/relayed-message.ts';
import { delivery } from '../../support/delivery.ts';

function recordOf(key: string) {
  const object = { key, size: 5, versionId: `version of ${key}` };
  return {
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: 'bucket' }, object },
  };
}

/** A store of objects with this metadata; the payload of an object is never read. */
function storeWith(metadata: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  const discarded: string[] = [];
  const open = async ({ bucket, key, versionId }: { bucket: string; key: string; versionId?: string }) => {
    expect([bucket, versionId]).toEqual(['bucket', `version of ${key}`]);
    const known = metadata[key];
    if (!known) throw new PayloadMissing(`s3://bucket/${key}`);
    const opened: OpenedPayload = {
      metadata: known,
      discard: () => void discarded.push(key),
      // biome-ignore lint/correctness/useYield: nothing reads it
      body: (async function* () {
        expect.fail('the payload was read');
      })(),
    };
    return opened;
  };
  return { store: { open }, discarded };
}

function notificationOf(...keys: readonly string[]) {
  return delivery(JSON.stringify({ Records: keys.map(recordOf) }), { id: 'n' });
}

describe('the messages of a notification', () => {
  test('have one upload each, with its ordering key', async () => {
    const { store, discarded } = storeWith({ 'requests/a': { 'ordering-key': 'k' }, 'requests/b': {} });
    const notification = notificationOf('requests/a', 'requests/b');
    const messages = await uploadMessages(notification, store);
    expect(messages.map(({ id, attributes }) => [id, attributes])).toEqual([
      ['n-0', { OrderingKey: 'k' }],
      ['n-1', {}],
    ]);
    expect(discarded).toEqual(['requests/a', 'requests/b']);
    const limits = { maxJsonDepth: 100 };
    const relayed = messages.flatMap((message) => decode(delivery(encodeRelayed(message)), limits));
    expect(relayed).toEqual(decode(notification, limits));
  });

  test('have the tenant of a ticket', async () => {
    const key = 'requests/tickets/YWNtZQ/019a9f3e-5d51-7c55-9e0f-5b9e3c1d7a42';
    const { store } = storeWith({ [key]: { 'ordering-key': 'k' } });
    const [message] = await uploadMessages(notificationOf(key), store);
    expect(message?.attributes).toEqual({ Tenant: 'acme', OrderingKey: 'k' });
  });

  test('have no key for an object that is gone, whose request fails', async () => {
    const [message] = await uploadMessages(notificationOf('requests/gone'), storeWith({}).store);
    expect(message?.attributes).toEqual({});
  });

  test('wait for a store that is down', async () => {
    const down = new StoreUnavailable('The payload bucket', 'SlowDown');
    await expect(
      uploadMessages(notificationOf('requests/a'), { open: () => Promise.reject(down) }),
    ).rejects.toBe(down);
  });

  test("are none for S3's test event", async () => {
    const event = delivery(JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent' }));
    expect(await uploadMessages(event, storeWith({}).store)).toEqual([]);
  });
});
