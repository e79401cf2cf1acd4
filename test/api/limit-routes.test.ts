import { describe, expect, test } from 'vitest';
import { LimitView } from '../../lib/api/limit-schemas.ts';
import { exactly, problemIn } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { START } from '../support/test-clock.ts';

const LIMITS = [
  { key: 'tenant', concurrency: 5, maxWaiting: 100 },
  { key: 'metadata.model/name', rate: '100/min', weight: 'metadata.tokens' },
  { key: 'all' },
] as const;

const ACME = '/v1/limits/tenant?value=acme';

function setUp() {
  return new ApiHarness(undefined, { limits: LIMITS });
}

async function viewIn(response: Response) {
  expect(response.status).toBe(200);
  return exactly(LimitView, await response.json());
}

test('lists the limits as they are configured', async () => {
  const api = setUp();
  await api.call('PUT', ACME, { json: { concurrency: 1 } });
  expect(await (await api.call('GET', '/v1/limits')).json()).toEqual({ limits: LIMITS });
});

test('shows, changes and resets a value of a key', async () => {
  const api = setUp();
  const configured = {
    key: 'tenant',
    value: 'acme',
    concurrency: 5,
    running: 0,
    maxWaiting: 100,
    waiting: 0,
  };
  expect(await viewIn(await api.call('GET', ACME))).toEqual(configured);
  const pausedUntil = new Date(START + 60_000).toISOString();
  const changed = { ...configured, concurrency: 7, rate: '9/s', changed: { concurrency: 7, rate: '9/s' } };
  expect(
    await viewIn(await api.call('PUT', ACME, { json: { concurrency: 7, rate: '9/s', pausedUntil } })),
  ).toEqual({ ...changed, pausedUntil });
  const resumed = await api.call('PUT', ACME, { json: { pausedUntil: '2026-01-01T00:00:00+01:00' } });
  expect(await viewIn(resumed)).toEqual(changed);
  expect(await viewIn(await api.call('DELETE', ACME))).toEqual(configured);
  expect(await viewIn(await api.call('GET', ACME))).toEqual(configured);
});

test('a key may have any character, and the key all has no value', async () => {
  const api = setUp();
  const path = `/v1/limits/${encodeURIComponent('metadata.model/name')}?value=${encodeURIComponent('a & b')}`;
  expect(await viewIn(await api.call('PUT', path, { json: { rate: '1/h' } }))).toMatchObject({
    value: 'a & b',
  });
  expect(await viewIn(await api.call('PUT', '/v1/limits/all', { json: { concurrency: 2 } }))).toMatchObject({
    key: 'all',
    concurrency: 2,
  });
  const { detail } = await problemIn(await api.call('GET', '/v1/limits/all?value=acme'), 422);
  expect(detail).toBe('The key all has no values, got "acme"');
});

test.each([
  [{}, 422, 'A change must have at least one of concurrency, rate, maxWaiting, pausedUntil, got none'],
  [{ concurrency: 1.5 }, 422, 'concurrency must be a whole number from 1 to 1000000000, got 1.5'],
  [{ rate: '0/s' }, 422, 'rate must be a whole number from 1 per s, min, h, such as 100/min, got "0/s"'],
  [{ concurrency: null }, 400, 'concurrency: Invalid input: expected number, got null'],
  [{ pausedUntil: 'soon' }, 400, 'pausedUntil must be'],
  [
    { weight: 'metadata.x' },
    400,
    'unknown member "weight": this call takes concurrency, rate, maxWaiting, pausedUntil',
  ],
])('the change %j is refused', async (json, status, problem) => {
  const api = setUp();
  expect((await problemIn(await api.call('PUT', ACME, { json }), status)).detail).toContain(problem);
  expect(api.limitStore.writes).toBe(0);
});

describe('a caller with a tenant', () => {
  test('sees the limits of tenants and its own value', async () => {
    const api = setUp();
    const { limits } = (await (await api.call('GET', '/v1/limits', { tenant: 'acme' })).json()) as {
      limits: unknown;
    };
    expect(limits).toEqual([LIMITS[0]]);
    expect(await viewIn(await api.call('GET', ACME, { tenant: 'acme' }))).toMatchObject({ concurrency: 5 });
  });

  test.each([
    '/v1/limits/tenant?value=other',
    '/v1/limits/tenant',
    '/v1/limits/all',
    '/v1/limits/topic?value=a',
  ])('does not see %s, whether it exists or not', async (path) => {
    const { code, detail } = await problemIn(await setUp().call('GET', path, { tenant: 'acme' }), 404);
    expect([code, detail]).toEqual([
      'limit_unknown',
      `A caller with a tenant gets only the limit of its tenant: ${ACME}`,
    ]);
  });

  test('changes nothing', async () => {
    const api = setUp();
    for (const method of ['PUT', 'DELETE']) {
      const json = method === 'PUT' ? { concurrency: 1_000 } : undefined;
      const { code, detail } = await problemIn(await api.call(method, ACME, { json, tenant: 'acme' }), 403);
      expect([code, detail]).toEqual(['limit_forbidden', expect.stringContaining('that have no tenant')]);
    }
    expect(api.limitStore.writes).toBe(0);
  });

  test.each([
    ['PUT', ACME, { json: { concurrency: 'many' } }],
    ['PUT', ACME, { body: '{', headers: { 'content-type': 'application/json' } }],
    ['PUT', ACME, { body: 'concurrency=1', headers: { 'content-type': 'text/plain' } }],
    ['PUT', `${ACME}&colour=blue`, { json: {} }],
    ['DELETE', `${ACME}&colour=blue`, {}],
  ])('learns so before the call is checked: %s %s %j', async (method, path, options) => {
    const { code } = await problemIn(await setUp().call(method, path, { ...options, tenant: 'acme' }), 403);
    expect(code).toBe('limit_forbidden');
  });
});
