import { expect, test } from 'vitest';
import { ApiHarness } from '../support/api-harness.ts';

test('an answer is held no longer in all than the client prefers, however long the request took to be taken', async () => {
  const api = new ApiHarness();
  const { chance } = api.harness;
  const { verdict } = api.admission;
  api.admission.decide = async () => {
    chance.advanceSeconds(15);
    return verdict;
  };
  const cameAt = chance.now();
  const answer = await api.call('POST', '/v1/requests', { body: 'payload', headers: { Prefer: 'wait=20' } });
  expect(answer.status).toBe(202);
  expect(chance.now() - cameAt).toBe(20_000);
});
/** Submits and prefers to wait for 10 seconds. @returns how long it was held, in seconds */
async function heldSeconds(predictedWaitSeconds?: number): Promise<number> {
  const api = new ApiHarness();
  api.admission.verdict = { admitted: true, load: { maxWaitSeconds: 900, predictedWaitSeconds } };
  const before = api.harness.chance.now();
  const response = await api.call('POST', '/v1/requests', { body: 'x', headers: { Prefer: 'wait=10' } });
  expect(response.status).toBe(202);
  return (api.harness.chance.now() - before) / 1000;
}

test.each([undefined, 0, 10])('a call is held where the wait is %s s and it prefers 10', async (wait) => {
  expect(await heldSeconds(wait)).toBe(10);
});

test('a call isn’t held in vain: an instance that waits is one the processor hasn’t', async () => {
  expect(await heldSeconds(10.1)).toBe(0);
});
