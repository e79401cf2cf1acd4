import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { CoatcheckClient } from '../../lib/client/index.ts';
import { coatcheck } from '../support/coatcheck.ts';
import { eventually } from '../support/eventually.ts';
import { openServedService } from '../support/served-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TestClock } from '../support/test-clock.ts';

let clock: TestClock;
let url: string;

beforeEach(async () => {
  ({ clock, url } = await openServedService(async (request) => request.json()));
});

async function schedules(...line: readonly string[]) {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'report.json'), '{"x":6}');
  return coatcheck(['schedules', ...line, '--api', url], { cwd });
}

test('a schedule is added, listed, run and removed', async () => {
  const cron = ['--cron', '30 6 * * MON-FRI', '--time-zone', 'Europe/Berlin'];
  const added = await schedules('add', 'weekdays', 'report.json', ...cron, '--topic', 'reports');
  expect(added.stdout).toBe(
    'weekdays\t30 6 * * MON-FRI Europe/Berlin\t2026-02-02T05:30:00.000Z\t\treports\n',
  );
  await schedules('add', 'often', 'report.json', '--every', '15min', '--overlap', 'skip', '--missed', 'skip');
  const { stdout } = await schedules('list', '--json');
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { name: 'often', everyMinutes: 15, overlap: 'skip', missed: 'skip' },
    { name: 'weekdays', overlap: 'queue', missed: 'last' },
  ]);
  expect((await schedules('next', '2')).stdout).toBe(
    '2026-01-31T12:15:00.000Z\toften\n2026-01-31T12:30:00.000Z\toften\n',
  );

  clock.advanceSeconds(900);
  const client = new CoatcheckClient({ baseUrl: url });
  const id = 'often.2026-01-31T12:15:00Z';
  await eventually(async () => expect((await client.status(id)).status).toBe('succeeded'));
  expect(await (await client.result(id)).json()).toEqual({ x: 6 });
  expect((await schedules('list')).stdout).toContain(
    `often\tevery 15 min\t2026-01-31T12:30:00.000Z\t${id}\t\n`,
  );

  expect((await schedules('pause', 'often', 'weekdays')).stdout).toContain(
    `often\tevery 15 min\tpaused\t${id}\t\n`,
  );
  expect((await schedules('next')).stdout).toBe('');
  expect((await schedules('resume', 'often')).stdout).toBe(
    `often\tevery 15 min\t2026-01-31T12:30:00.000Z\t${id}\t\n`,
  );

  expect((await schedules('remove', 'often', 'weekdays')).exitCode).toBe(0);
  expect((await schedules('list')).stdout).toBe('');
});

test('schedules are run at once, also paused ones', async () => {
  await schedules('add', 'often', 'report.json', '--every', '15min');
  await schedules('add', 'stock', 'report.json', '--every', '15min');
  await schedules('pause', 'often');
  const { stdout: before } = await schedules('list');
  const line = ['run', 'often', 'none', 'stock', '--idempotency-key', 'deploy-42'];
  const { stdout, stderr, exitCode } = await schedules(...line);
  const tickets = stdout
    .trimEnd()
    .split('\n')
    .map((row) => row.split('\t')[0]);
  expect(tickets).toEqual([
    expect.stringMatching(/^often\.2026-01-31T12:00:00\.000Z\.[0-9a-f]{8}$/),
    expect.stringMatching(/^stock\.2026-01-31T12:00:00\.000Z\.[0-9a-f]{8}$/),
  ]);
  expect(stderr).toMatch(/none: .*There is no schedule "none"/);
  expect(exitCode).toBe(1);
  // The latest requests are the only change.
  const rows = (text: string) => text.split('\n').map((row) => row.split('\t').toSpliced(3, 1));
  const { stdout: after } = await schedules('list');
  expect(rows(after)).toEqual(rows(before));
  expect(after.split('\n').flatMap((row) => row.split('\t')[3] ?? [])).toEqual(tickets);
  clock.advanceSeconds(60);
  expect((await schedules(...line)).stdout).toContain(`${tickets[0]}\t`);
  const client = new CoatcheckClient({ baseUrl: url });
  expect((await client.wait(tickets[0] ?? '')).status).toBe('succeeded');
  expect(await schedules('run', 'often', '--idempotency-key', '"')).toMatchObject({
    stderr: expect.stringContaining('idempotencyKey must have 1 to 255 printable ASCII characters'),
    exitCode: 2,
  });
});

test.each([
  [['add', 'a', 'report.json', '--cron', '61 * * * *'], 'It must have as minute 0 to 59, or *'],
  [
    ['add', 'a', 'report.json', '--cron', '0 6 * * *', '--time-zone', 'Berlin'],
    'It must be a time zone of the IANA database, like Europe/Berlin or UTC, got "Berlin"',
  ],
  [['add', 'a', 'report.json'], 'A schedule must have one of cron and everyMinutes, got none'],
  [
    ['add', 'a', 'report.json', '--every', '90s'],
    'It must be a whole number from 1 to 527040, got 1.5 minutes.',
  ],
  [['add', 'a', 'report.json', '--every', '1h', '--topic', 'a b'], "argument 'a b' is invalid. It must"],
  [['pause', 'a'], 'There is no schedule "a"'],
  [['remove', 'a'], 'There is no schedule a'],
  [['next', '6'], 'It must be a whole number from 1 to 5.'],
])('%j is refused', async (line, problem) => {
  const { stderr, exitCode } = await schedules(...line);
  expect(stderr).toContain(problem);
  expect(exitCode).not.toBe(0);
});

test('the API answers bad schedules with what is wrong', async () => {
  const post = async (body: object) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/v1/schedules`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    const { code }: { code: string } = JSON.parse(await response.text());
    return [response.status, code];
  };
  expect(await post({ name: 'a', everyMinutes: 5 })).toEqual([422, 'schedule_invalid']);
  expect(await post({ name: 'a', everyMinutes: 5, json: 1, text: 'a' })).toEqual([422, 'schedule_invalid']);
  expect(await post({ name: 'a', everyMinutes: 5, json: 1, startAt: 'soon' })).toEqual([
    400,
    'request_malformed',
  ]);
  expect(await post({ name: 'a', every: 5, json: 1 })).toEqual([400, 'request_malformed']);
  expect(await post({ name: 'a/b', everyMinutes: 5, json: 1 })).toEqual([422, 'schedule_invalid']);
  expect(await post({ name: 'a', everyMinutes: 5, json: 1, topic: 'a b' })).toEqual([
    400,
    'request_malformed',
  ]);
  expect((await fetch(`${url}/v1/schedules/a`)).status).toBe(404);
});
