import { expect, test } from 'vitest';
import type { Handler } from '../../../lib/core/processor/handler.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';

const recordMetadata = ['customer', 'Customer', 'order'];

/** What the only record keeps, after a message. */
async function keptOf(
  message: ReturnType<typeof delivery>,
  handler: Handler = () => 'done',
  metadata: Readonly<Record<string, string>> = {},
) {
  const harness = new EngineHarness(handler, { recordMetadata });
  harness.store.put('requests/a', 'hello', { metadata });
  await harness.process([message]);
  const [stored] = harness.records.all();
  return { harness, record: stored?.record };
}

const UPLOAD = delivery(s3Event(s3Record({ key: 'requests/a', size: 5 })));

test('the record keeps declared attributes of a message, with the case of their names', async () => {
  const attributes = { RequestId: 'r-1', Customer: 'acme', order: '17', Secret: 's3cr3t', Topic: 'orders' };
  const { record } = await keptOf(requestDelivery('r-1', {}, { attributes }));
  expect(record?.metadata).toEqual({ Customer: 'acme', order: '17' });
});

test('it has them while the request runs', async () => {
  const harness: EngineHarness = new EngineHarness(() => harness.records.record('r-1')?.metadata, {
    recordMetadata,
  });
  await harness.process([requestDelivery('r-1', {}, { attributes: { RequestId: 'r-1', customer: 'acme' } })]);
  expect(harness.event).toMatchObject({ data: { customer: 'acme' } });
});

test('of a CloudEvent too', async () => {
  const event = {
    specversion: '1.0',
    id: 'r-1',
    source: '/shop',
    type: 'order',
    customer: 'acme',
    order: 17,
    data: {},
  };
  const { record } = await keptOf(delivery(JSON.stringify(event)));
  expect(record?.metadata).toEqual({ customer: 'acme', order: '17' });
});

test('those of an upload are known when its first attempt has ended, at no extra write', async () => {
  const { harness, record } = await keptOf(UPLOAD, () => 'done', { customer: 'acme', secret: 's3cr3t' });
  expect(record).toMatchObject({ status: 'succeeded', metadata: { customer: 'acme' } });
  expect(JSON.stringify(record)).not.toContain('s3cr3t');
  const { harness: other } = await keptOf(UPLOAD);
  expect(harness.records.writes).toBe(other.records.writes);
});

test('also if it failed', async () => {
  const fail = () => {
    throw new Error('not now');
  };
  const { record } = await keptOf(UPLOAD, fail, { customer: 'acme' });
  expect(record).toMatchObject({ status: 'queued', metadata: { customer: 'acme' } });
});

test('what is recorded stays, whatever another message of the request says', async () => {
  const harness = new EngineHarness(() => 'done', { recordMetadata });
  const message = (customer: string, order?: string) =>
    requestDelivery('r-1', {}, { attributes: { RequestId: 'r-1', customer, ...(order && { order }) } });
  await harness.process([message('acme')]);
  await harness.process([message('other', '17')]);
  expect(harness.records.record('r-1')?.metadata).toEqual({ customer: 'acme' });
});

test('nothing is kept, and no member written, unless keys are declared', async () => {
  const harness = new EngineHarness(() => 'done');
  await harness.process([requestDelivery('r-1', {}, { attributes: { RequestId: 'r-1', customer: 'acme' } })]);
  expect(harness.records.record('r-1')).not.toHaveProperty('metadata');
});
