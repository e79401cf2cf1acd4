import { describe, expect, test } from 'vitest';
import type { CoatcheckClient } from '../../lib/client/client.ts';
import { answer, openScriptedApi, problem, reset, summaryOf } from '../support/scripted-api.ts';
import type { Script } from '../support/scripted-endpoint.ts';

const ENDPOINT = {
  id: 'e-1',
  url: 'https://example.com/hook',
  events: ['failed'],
  status: 'enabled',
  createdAt: '2026-01-31T12:00:00.000Z',
} as const;
const WITH_SECRET = { ...ENDPOINT, secret: 'whsec_x' };
const FROM = new Date('2026-01-31T12:00:00Z');

const noContent: Script = (_, response) => response.writeHead(204).end();

type Endpoints = CoatcheckClient['webhookEndpoints'];

test.each<[string, (endpoints: Endpoints) => Promise<unknown>, object | undefined, string, unknown]>([
  [
    'create',
    (endpoints) => endpoints.create({ url: ENDPOINT.url, events: ['failed'] }),
    WITH_SECRET,
    'POST /v1/webhook-endpoints',
    WITH_SECRET,
  ],
  ['list', (e) => e.list(), { endpoints: [ENDPOINT] }, 'GET /v1/webhook-endpoints', [ENDPOINT]],
  ['get', (e) => e.get('e/1'), ENDPOINT, 'GET /v1/webhook-endpoints/e%2F1', ENDPOINT],
  ['update', (e) => e.update('e-1', { topics: null }), ENDPOINT, 'PATCH /v1/webhook-endpoints/e-1', ENDPOINT],
  ['remove', (e) => e.remove('e-1'), undefined, 'DELETE /v1/webhook-endpoints/e-1', undefined],
  ['secret', (e) => e.secret('e-1'), { secret: 's' }, 'GET /v1/webhook-endpoints/e-1/secret', 's'],
  [
    'rotate',
    (e) => e.rotate('e-1', { graceSeconds: 5 }),
    WITH_SECRET,
    'POST /v1/webhook-endpoints/e-1/rotate',
    WITH_SECRET,
  ],
  ['test', (e) => e.test('e-1'), { webhookId: 'w' }, 'POST /v1/webhook-endpoints/e-1/test', 'w'],
  [
    'replay',
    (e) => e.replay('e-1', { from: FROM }),
    { examined: 2, sent: 1, next: 'c' },
    'POST /v1/webhook-endpoints/e-1/replay',
    { examined: 2, sent: 1, next: 'c' },
  ],
])('%s calls the API', async (_, call, body, summary, result) => {
  const { client, calls } = await openScriptedApi([body ? answer(200, body) : noContent]);
  expect(await call(client.webhookEndpoints)).toEqual(result);
  expect(calls.map(summaryOf)).toEqual([summary]);
});

test('bodies are JSON, with times in RFC 3339', async () => {
  const { client, calls } = await openScriptedApi([answer(200, { examined: 0, sent: 0 })]);
  await client.webhookEndpoints.replay('e-1', { from: FROM, cursor: 'c', endedBefore: FROM, dryRun: true });
  expect(calls[0]?.headers['content-type']).toBe('application/json');
  expect(JSON.parse(String(calls[0]?.body))).toEqual({
    from: '2026-01-31T12:00:00.000Z',
    endedBefore: '2026-01-31T12:00:00.000Z',
    cursor: 'c',
    dryRun: true,
  });
});

describe('a call whose answer is lost', () => {
  test.each<[string, (endpoints: Endpoints) => Promise<unknown>, Script]>([
    ['create', (endpoints) => endpoints.create({ url: ENDPOINT.url }), answer(201, WITH_SECRET)],
    ['rotate', (endpoints) => endpoints.rotate('e-1'), answer(200, WITH_SECRET)],
  ])('is not repeated if that would add another one: %s', async (_, call, then) => {
    const { client, calls } = await openScriptedApi([reset, then]);
    await expect(call(client.webhookEndpoints)).rejects.toMatchObject({ code: 'connection_failed' });
    expect(calls.length).toBeLessThanOrEqual(1);
  });

  test('is repeated if it took no effect', async () => {
    const { client } = await openScriptedApi([problem(503, 'overloaded'), answer(201, WITH_SECRET)]);
    expect(await client.webhookEndpoints.create({ url: ENDPOINT.url })).toEqual(WITH_SECRET);
  });

  test('may have removed the endpoint', async () => {
    const { client, calls } = await openScriptedApi([reset, problem(404, 'webhook_endpoint_unknown')]);
    await client.webhookEndpoints.remove('e-1');
    expect(calls).toHaveLength(2);
  });

  test('an endpoint that never existed is unknown', async () => {
    const { client } = await openScriptedApi([problem(404, 'webhook_endpoint_unknown')]);
    await expect(client.webhookEndpoints.remove('e-1')).rejects.toMatchObject({
      code: 'webhook_endpoint_unknown',
    });
  });
});
