import { describe, expect, test } from 'vitest';
import { requestIn } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';

test('an answer is held no longer in all than the client prefers, however long the request took to be taken', async () => {
  const api = new ApiHarness();
  const { clock } = api.harness;
  const { decision } = api.admission;
  api.admission.decide = async () => {
    clock.advanceSeconds(15);
    return decision;
  };
  const cameAt = clock.now();
  const answer = await api.call('POST', '/v1/requests', { body: 'payload', headers: { Prefer: 'wait=20' } });
  expect(answer.status).toBe(202);
  expect(clock.now() - cameAt).toBe(20_000);
});
/** Submits and prefers to wait for 10 seconds. @returns how long it was held, in seconds */
async function heldSeconds(predictedWaitSeconds?: number): Promise<number> {
  const api = new ApiHarness();
  api.admission.decision = { admitted: true, load: { maxWaitSeconds: 900, predictedWaitSeconds } };
  const before = api.harness.clock.now();
  const response = await api.call('POST', '/v1/requests', { body: 'x', headers: { Prefer: 'wait=10' } });
  expect(response.status).toBe(202);
  return (api.harness.clock.now() - before) / 1000;
}

test.each([undefined, 0, 10])('a call is held where the wait is %s s and it prefers 10', async (wait) => {
  expect(await heldSeconds(wait)).toBe(10);
});

test('a call isn’t held in vain: an instance that waits is one the processor hasn’t', async () => {
  expect(await heldSeconds(10.1)).toBe(0);
});

describe('E19: a call isn’t held', () => {
  test('for a payload that was never uploaded', async () => {
    const api = new ApiHarness();
    const opened = await api.call('POST', '/v1/uploads', { json: { size: 5 } });
    const before = api.harness.clock.now();
    const path = `/v1/${opened.headers.get('location')}`;
    const response = await api.call('GET', path, { headers: { Prefer: 'wait=20' } });
    expect(await requestIn(response, 200)).toMatchObject({ status: 'awaiting_upload' });
    expect(response.headers.get('retry-after')).toBe('2');
    expect(api.harness.clock.now()).toBe(before);
  });

  test('while as many are held as may be', async () => {
    const api = new ApiHarness();
    api.heldCalls.left = 1;
    const { clock } = api.harness;
    const heldSeconds = async () => {
      const before = clock.now();
      const headers = { Prefer: 'wait=20' };
      expect((await api.call('POST', '/v1/requests', { body: 'x', headers })).status).toBe(202);
      return (clock.now() - before) / 1000;
    };
    expect([await heldSeconds(), await heldSeconds(), await heldSeconds()]).toEqual([20, 0, 0]);
  });

  test('when they can’t be counted', async () => {
    const api = new ApiHarness();
    api.heldCalls.faults.inject('mayHold', 'fails before');
    const before = api.harness.clock.now();
    const headers = { Prefer: 'wait=20' };
    expect((await api.call('POST', '/v1/requests', { body: 'x', headers })).status).toBe(202);
    expect(api.harness.clock.now()).toBe(before);
  });
});
