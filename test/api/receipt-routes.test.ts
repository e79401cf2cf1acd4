import { expect, test } from 'vitest';
import { verifyReceipt } from '../../lib/client/index.ts';
import { ApiHarness } from '../support/api-harness.ts';

const payload = new TextEncoder().encode('hello');

test('a repeated submission gets the same receipt, and a refused one none', async () => {
  const api = new ApiHarness();
  const submit = (body: string) =>
    api.call('POST', '/v1/requests', { body, headers: { 'Idempotency-Key': 'k' } });
  const receipts = [];
  for (let time = 0; time < 2; time++) {
    receipts.push((await submit('hello')).headers.get('coatcheck-receipt') ?? '');
    api.harness.clock.advanceSeconds(10);
  }
  expect(receipts[1]).toBe(receipts[0]);
  const keys = await api.receipts.read();
  expect((await verifyReceipt(receipts[0] ?? '', keys, payload)).valid).toBe(true);
  const refused = await submit('other');
  expect([refused.status, refused.headers.get('coatcheck-receipt')]).toEqual([422, null]);
});

test('a request whose receipt can not be signed is not accepted', async () => {
  const api = new ApiHarness();
  api.receipts.faults.inject('read', 'fails before');
  expect((await api.call('POST', '/v1/requests', { body: 'hello' })).status).toBe(500);
  expect(api.queue.sent).toEqual([]);
  expect((await api.call('POST', '/v1/requests', { body: 'hello' })).status).toBe(202);
});
