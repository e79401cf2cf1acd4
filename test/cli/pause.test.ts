import { CoatcheckClient } from 'coatcheck/client';
import { expect, test } from 'vitest';
import { coatcheck, coatcheckOnTerminal } from '../support/coatcheck.ts';
import { openServedService } from '../support/served-service.ts';
import { START, TestClock } from '../support/test-clock.ts';

const UNTIL = '2026-01-31T12:30:00.000Z';

async function setUp(clock?: TestClock) {
  const { url } = await openServedService(undefined, clock && { clock });
  const run = (...line: readonly string[]) => coatcheck([...line, '--api', url]);
  return { url, client: new CoatcheckClient({ baseUrl: url }), run };
}

test('processing is paused until a time, shown, and resumed', async () => {
  const { url, client, run } = await setUp();
  const line = `${UNTIL}\tthe database moves\t${new Date(START).toISOString()}\t\n`;
  expect(await run('pause', '--until', UNTIL, '--reason', 'the database moves')).toEqual({
    exitCode: 0,
    stdout: line,
    stderr: '',
  });
  expect((await client.serviceStatus()).pause).toMatchObject({ until: UNTIL, reason: 'the database moves' });
  expect((await run('pause')).stdout).toBe(line);
  const shown = await coatcheckOnTerminal(['pause', '--api', url], { columns: 100 });
  expect(shown.stdout).toMatch(/until +reason +since/);
  expect(shown.stdout).toContain('the database moves');
  expect(await run('resume')).toEqual({
    exitCode: 0,
    stdout: line,
    stderr: 'Ended this pause:\n',
  });
  expect(await run('resume')).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: 'No pause by an operator was in effect.\n',
  });
  expect(await client.serviceStatus()).not.toHaveProperty('pause');
  expect(await run('pause')).toEqual({ exitCode: 0, stdout: '', stderr: 'Nothing is paused.\n' });
});

test('status and wait say in a pipe that processing is paused', async () => {
  const { client, run } = await setUp();
  const [one, other] = [await client.submit('one'), await client.submit('other')];
  await client.pause({ until: UNTIL, reason: 'the database moves' });
  const paused = 'processing is paused until 12:30 UTC: the database moves\n';
  const status = await run('status', one.id, other.id);
  expect(status.stderr).toBe(paused);
  expect(status.stdout).toContain(`${one.id}\tqueued\t`);
  const waited = await run('wait', one.id, other.id, '--timeout', '2s');
  expect(waited.stderr.split(paused)).toHaveLength(2);
  await client.resume();
  expect((await run('status', one.id)).stderr).toBe('');
});

test('a later pause takes the place of the one before, in JSON', async () => {
  const { run } = await setUp();
  await run('pause', '--until', UNTIL, '--reason', 'first');
  const until = '2026-01-31T12:10:00.000Z';
  const { stdout } = await run('pause', '--until', until, '--reason', 'second', '--json');
  expect(JSON.parse(stdout)).toEqual({ until, reason: 'second', since: new Date(START).toISOString() });
  expect(JSON.parse((await run('pause', '--json')).stdout)).toMatchObject({ until, reason: 'second' });
});

test('a pause lasts as long as --for says', async () => {
  const before = Date.now();
  const { client, run } = await setUp(new TestClock(before));
  expect((await run('pause', '--for', '30min', '--reason', 'a migration')).exitCode).toBe(0);
  const until = Date.parse((await client.serviceStatus()).pause?.until ?? '');
  expect(until).toBeGreaterThanOrEqual(before + 30 * 60_000);
  expect(until).toBeLessThanOrEqual(Date.now() + 30 * 60_000);
});

test.each([
  [['--for', '30min'], 'error: a pause needs --reason, and --for or --until'],
  [['--reason', 'why'], 'error: a pause needs --reason, and --for or --until'],
  [
    ['--for', '1h', '--until', UNTIL, '--reason', 'why'],
    "error: option '--for <time>' cannot be used with option '--until <time>'",
  ],
])('the pause %j is an error of use, and pauses nothing', async (line, problem) => {
  const { client, run } = await setUp();
  expect(await run('pause', ...line)).toEqual({ exitCode: 2, stdout: '', stderr: `${problem}\n` });
  expect(await client.serviceStatus()).not.toHaveProperty('pause');
});

test('a pause of more than a day is refused by the API', async () => {
  const { client, run } = await setUp();
  const { exitCode, stderr } = await run('pause', '--until', '2026-02-02T12:00:00Z', '--reason', 'why');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('at most 86400 seconds');
  expect(await client.serviceStatus()).not.toHaveProperty('pause');
});
