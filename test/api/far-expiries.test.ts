import { expect, test } from 'vitest';
import { ApiHarness } from '../support/api-harness.ts';

test.each(['9999-12-31T23:59:59-00:01', '9999-12-31T23:59:59.999-23:00'])(
  'an expiry in a year no message can name is refused: %s',
  async (expiry) => {
    const api = new ApiHarness();
    const headers = { 'Coatcheck-Expires-At': expiry };
    const refused = await api.call('POST', '/v1/requests', { body: 'payload', headers });
    expect(refused.status).toBe(400);
    expect(api.queue.sent).toEqual([]);
  },
);

test('the last expiry there is comes through', async () => {
  const api = new ApiHarness();
  const headers = { 'Coatcheck-Expires-At': '9999-12-31T23:59:59.999Z' };
  const answer = await api.call('POST', '/v1/requests', { body: 'payload', headers });
  expect(await answer.json()).toMatchObject({ expiresAt: '9999-12-31T23:59:59.999Z' });
  await api.deliver();
  expect(Object.values(api.harness.statuses)).toEqual(['succeeded']);
});
