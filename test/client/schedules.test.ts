import { expect, test } from 'vitest';
import type { CoatcheckClient } from '../../lib/client/client.ts';
import { latestRun } from '../../lib/client/schedules.ts';
import { answer, openScriptedApi, problem, reset, summaryOf } from '../support/scripted-api.ts';
import type { Script } from '../support/scripted-endpoint.ts';

const SCHEDULE = {
  name: 'nightly',
  cron: '30 2 * * *',
  timeZone: 'UTC',
  overlap: 'queue',
  missed: 'last',
  createdAt: '2026-01-31T12:00:00.000Z',
  nextRuns: ['2026-02-01T02:30:00.000Z'],
} as const;

const REQUEST = { id: 'nightly.2026-01-31T12:00:00.000Z', status: 'queued' } as const;

const noContent: Script = (_, response) => response.writeHead(204).end();

type Schedules = CoatcheckClient['schedules'];

test.each<[string, (schedules: Schedules) => Promise<unknown>, object | undefined, string, unknown]>([
  [
    'put',
    (s) => s.put({ name: 'nightly', cron: '30 2 * * *', json: 1 }),
    SCHEDULE,
    'POST /v1/schedules',
    SCHEDULE,
  ],
  ['list', (s) => s.list(), { schedules: [SCHEDULE] }, 'GET /v1/schedules', [SCHEDULE]],
  ['get', (s) => s.get('nightly'), SCHEDULE, 'GET /v1/schedules/nightly', SCHEDULE],
  ['pause', (s) => s.pause('nightly'), SCHEDULE, 'POST /v1/schedules/nightly/pause', SCHEDULE],
  ['resume', (s) => s.resume('nightly'), SCHEDULE, 'POST /v1/schedules/nightly/resume', SCHEDULE],
  ['run', (s) => s.run('nightly'), REQUEST, 'POST /v1/schedules/nightly/run', REQUEST],
  ['remove', (s) => s.remove('a/b'), undefined, 'DELETE /v1/schedules/a%2Fb', undefined],
])('%s calls the API', async (_, call, body, summary, result) => {
  const { client, calls } = await openScriptedApi([body ? answer(200, body) : noContent]);
  expect(await call(client.schedules)).toEqual(result);
  expect(calls.map(summaryOf)).toEqual([summary]);
});

test('times are in RFC 3339, and a call whose answer is lost is repeated', async () => {
  const { client, calls } = await openScriptedApi([reset, answer(200, SCHEDULE)]);
  const startAt = new Date('2026-02-01T00:00:00Z');
  await client.schedules.put({ name: 'nightly', everyMinutes: 5, startAt, json: { x: 6 } });
  expect(JSON.parse(String(calls.at(-1)?.body))).toEqual({
    name: 'nightly',
    everyMinutes: 5,
    startAt: '2026-02-01T00:00:00.000Z',
    json: { x: 6 },
  });
});

test('a run whose answer is lost is repeated with its key', async () => {
  const { client, calls } = await openScriptedApi([reset, answer(202, REQUEST), answer(202, REQUEST)]);
  await client.schedules.run('nightly');
  await client.schedules.run('nightly', { idempotencyKey: 'deploy-42' });
  const [lost, repeated, keyed] = calls.map(({ headers }) => headers['idempotency-key']);
  expect(lost).toMatch(/^[0-9a-f-]{36}$/);
  expect(repeated).toBe(lost);
  expect(keyed).toBe('deploy-42');
  await expect(client.schedules.run('nightly', { idempotencyKey: '' })).rejects.toBeInstanceOf(RangeError);
});

test('a call whose answer is lost may have removed the schedule', async () => {
  const { client } = await openScriptedApi([reset, problem(404, 'schedule_unknown')]);
  await client.schedules.remove('nightly');
  const other = await openScriptedApi([problem(404, 'schedule_unknown')]);
  await expect(other.client.schedules.remove('nightly')).rejects.toMatchObject({ code: 'schedule_unknown' });
});

test('the latest run is the later one of that at its time and that outside of its times', () => {
  const [earlier, later] = ['10', '09'].map((hour, index) => ({
    at: index === 0 ? `2026-01-31T${hour}:00:00Z` : `2026-02-01T${hour}:00:00.000Z`,
    requestId: `r-${index}`,
  }));
  expect(latestRun(SCHEDULE)).toBeUndefined();
  expect(latestRun({ ...SCHEDULE, lastRun: earlier })).toBe(earlier);
  expect(latestRun({ ...SCHEDULE, lastManualRun: earlier })).toBe(earlier);
  expect(latestRun({ ...SCHEDULE, lastRun: earlier, lastManualRun: later })).toBe(later);
  expect(latestRun({ ...SCHEDULE, lastRun: later, lastManualRun: earlier })).toBe(later);
});
