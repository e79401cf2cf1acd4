import { describe, expect, test } from 'vitest';
import { UploadTicket } from '../../lib/api/upload-schemas.ts';
import type { Load } from '../../lib/core/ports/admission.ts';
import { exactly, problemIn } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { numberDictionary } from '../support/structured-fields.ts';
import { START } from '../support/test-clock.ts';

const LOAD: Load = {
  backlog: 120,
  completionsPerSecond: 45.19,
  predictedWaitSeconds: 2.666,
  maxWaitSeconds: 900,
};

const SUBMISSION = ['/v1/requests', { body: 'hello', tenant: 'acme' }] as const;
const UPLOAD = ['/v1/uploads', { json: { size: 5 }, tenant: 'acme' }] as const;

describe.each([SUBMISSION, UPLOAD])('POST %s', (path, options) => {
  test('returns the load that the admission decision is based on', async () => {
    const api = new ApiHarness();
    api.admission.decision = { admitted: true, load: LOAD };
    const response = await api.call('POST', path, options);
    expect(response.ok).toBe(true);
    expect(response.headers.get('coatcheck-load')).toBe('backlog=120, rate=45.2, wait=2.7, max-wait=900');
  });

  test.each([
    [503, 'overloaded'],
    [429, 'tenant_over_share'],
  ] as const)('answers %i %s with Retry-After and the load, and accepts nothing', async (status, reason) => {
    const api = new ApiHarness();
    api.admission.decision = { admitted: false, reason, retryAfterSeconds: 17, load: LOAD };
    const response = await api.call('POST', path, options);
    expect(response.headers.get('retry-after')).toBe('17');
    expect(numberDictionary(response.headers.get('coatcheck-load'))).toEqual({
      backlog: 120,
      rate: 45.2,
      wait: 2.7,
      'max-wait': 900,
    });
    expect(await problemIn(response, status)).toMatchObject({ code: reason, ...LOAD });
    expect(api.queue.sent).toEqual([]);
    expect(api.transfers.forms).toEqual([]);
    expect(api.harness.records.all()).toEqual([]);
  });

  test('passes the tenant and the expiry to admission', async () => {
    const api = new ApiHarness();
    const expiresAt = '2026-01-31T12:00:05Z';
    await ('json' in options
      ? api.call('POST', path, { ...options, json: { ...options.json, expiresAt } })
      : api.call('POST', path, { ...options, headers: { 'Coatcheck-Expires-At': expiresAt } }));
    expect(api.admission.applicants).toMatchObject([{ tenant: 'acme', expiresAt: START + 5_000 }]);
  });
});

test('a retry of an accepted request gets the same ticket, even when the API admits no new requests', async () => {
  const api = new ApiHarness();
  const options = { body: 'hello', headers: { 'Idempotency-Key': 'k' } };
  const first = (await api.call('POST', '/v1/requests', options)).headers.get('location');
  const load = { maxWaitSeconds: 900 };
  api.admission.decision = { admitted: false, reason: 'overloaded', retryAfterSeconds: 1, load };
  const again = await api.call('POST', '/v1/requests', options);
  expect([again.status, again.headers.get('location')]).toEqual([202, first]);
  expect((await api.call('POST', '/v1/requests', { body: 'other' })).status).toBe(503);
});

test.each<[Load, string]>([
  [{ maxWaitSeconds: 900 }, 'max-wait=900'],
  [{ backlog: 0, maxWaitSeconds: 1 }, 'backlog=0, max-wait=1'],
  [{ backlog: 1.5, completionsPerSecond: 0, maxWaitSeconds: 900 }, 'backlog=2, rate=0.0, max-wait=900'],
  [{ predictedWaitSeconds: 0.04, maxWaitSeconds: 900 }, 'wait=0.0, max-wait=900'],
  [{ predictedWaitSeconds: 1e15, maxWaitSeconds: 900 }, 'wait=999999999999.0, max-wait=900'],
  [
    { predictedWaitSeconds: Number.POSITIVE_INFINITY, maxWaitSeconds: 900 },
    'wait=999999999999.0, max-wait=900',
  ],
])('the load %j is %s', async (load, header) => {
  const api = new ApiHarness();
  api.admission.decision = { admitted: true, load };
  const response = await api.call('POST', '/v1/uploads', { json: { size: 5 } });
  exactly(UploadTicket, await response.json());
  expect(response.headers.get('coatcheck-load')).toBe(header);
  expect(() => numberDictionary(header)).not.toThrow();
});
