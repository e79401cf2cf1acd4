import { describe, expect, test } from 'vitest';
import { ApiHarness } from '../support/api-harness.ts';

const KEY = { 'Idempotency-Key': 'order-1' };

/** An API that has accepted a request under {@link KEY} and now admits no requests. */
async function closedAfterOne() {
  const api = new ApiHarness();
  const first = await api.call('POST', '/v1/requests', { body: 'payload', headers: KEY });
  api.admission.decision = {
    admitted: false,
    reason: 'overloaded',
    retryAfterSeconds: 7,
    load: { maxWaitSeconds: 900, predictedWaitSeconds: 1_000 },
  };
  return { api, first };
}

describe('a call repeated after a lost answer, when the API admits no new requests', () => {
  test('gets the request of the first call', async () => {
    const { api, first } = await closedAfterOne();
    const again = await api.call('POST', '/v1/requests', { body: 'payload', headers: KEY });
    expect(again.status).toBe(202);
    expect(again.headers.get('Coatcheck-Load')).toBe('wait=1000.0, max-wait=900');
    expect(await again.json()).toEqual(await first.json());
    expect(api.queue.sent).toHaveLength(1);
  });

  test('with another payload is refused, because it reuses the key', async () => {
    const { api } = await closedAfterOne();
    const other = await api.call('POST', '/v1/requests', { body: 'another', headers: KEY });
    expect(other.status).toBe(422);
  });

  test('is busy while the first call may still be in progress, then refused like any other', async () => {
    const { api } = await closedAfterOne();
    for (const { record } of api.harness.records.all()) api.harness.records.drop(record.request);
    const call = () => api.call('POST', '/v1/requests', { body: 'payload', headers: KEY });
    expect((await call()).status).toBe(409);
    api.harness.clock.advanceSeconds(30);
    const refused = await call();
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '7']);
    expect(api.queue.sent).toHaveLength(1);
  });

  test('with a new key or without a key is refused', async () => {
    const { api } = await closedAfterOne();
    const fresh = { 'Idempotency-Key': 'order-2' };
    const answers = await Promise.all([
      api.call('POST', '/v1/requests', { body: 'payload', headers: fresh }),
      api.call('POST', '/v1/requests', { body: 'payload' }),
      api.call('POST', '/v1/requests', { body: 'payload', headers: KEY, tenant: 'acme' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(api.queue.sent).toHaveLength(1);
  });
});
