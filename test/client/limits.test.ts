import { expect, test } from 'vitest';
import { type CoatcheckClient, Overloaded } from '../../lib/client/index.ts';
import { answer, openScriptedApi, problem, requestJson, reset, summaryOf } from '../support/scripted-api.ts';

const CONFIGURED = { key: 'tenant', concurrency: 5 } as const;
const VIEW = { ...CONFIGURED, value: 'a&b', running: 2 } as const;

type Limits = CoatcheckClient['limits'];

test.each<[string, (limits: Limits) => Promise<unknown>, object, string, unknown]>([
  ['list', (l) => l.list(), { limits: [CONFIGURED] }, 'GET /v1/limits', [CONFIGURED]],
  ['get', (l) => l.get('tenant', 'a&b'), VIEW, 'GET /v1/limits/tenant?value=a%26b', VIEW],
  [
    'change',
    (l) => l.change('metadata.a/b', 'x', { rate: '5/s' }),
    VIEW,
    'PUT /v1/limits/metadata.a%2Fb?value=x',
    VIEW,
  ],
  ['reset', (l) => l.reset('all'), VIEW, 'DELETE /v1/limits/all', VIEW],
])('%s calls the API', async (_, call, body, summary, result) => {
  const { client, calls } = await openScriptedApi([answer(200, body)]);
  expect(await call(client.limits)).toEqual(result);
  expect(calls.map(summaryOf)).toEqual([summary]);
});

test('times are in RFC 3339, and a call whose answer is lost is repeated', async () => {
  const { client, calls } = await openScriptedApi([reset, answer(200, VIEW)]);
  await client.limits.change('all', undefined, { concurrency: 1, pausedUntil: new Date(0) });
  expect(JSON.parse(String(calls.at(-1)?.body))).toEqual({
    concurrency: 1,
    pausedUntil: '1970-01-01T00:00:00.000Z',
  });
});

test('a change that is no object is refused before the call', async () => {
  const { client, calls } = await openScriptedApi([]);
  await expect(client.limits.change('tenant', 'acme', null as never)).rejects.toThrow(
    'A change must be an object, such as { concurrency: 5 }, got null',
  );
  expect(calls).toEqual([]);
});

const FULL = { key: 'tenant', value: 'acme', waiting: 7, maxWaiting: 7 };

test('a submission is repeated while too many requests of a key wait', async () => {
  const { client, calls, timing } = await openScriptedApi([
    problem(429, 'too_many_waiting', { 'retry-after': '7' }, FULL),
    answer(202, requestJson()),
  ]);
  expect((await client.submit('x')).id).toBe('r-1');
  expect(calls).toHaveLength(2);
  expect(timing.sleeps[0]).toBeGreaterThanOrEqual(7_000);
});

test('the error names the key, how many wait and how many may', async () => {
  const { client } = await openScriptedApi(
    Array.from({ length: 6 }, () => problem(429, 'too_many_waiting', {}, FULL)),
  );
  const error = await client.submit('x').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Overloaded);
  expect(error).toMatchObject({ code: 'too_many_waiting', full: FULL });
});
