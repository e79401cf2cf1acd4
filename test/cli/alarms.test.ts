import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { coatcheck, coatcheckOnTerminal } from '../support/coatcheck.ts';
import { eventually } from '../support/eventually.ts';
import { openServedService } from '../support/served-service.ts';
import { START } from '../support/test-clock.ts';

test('a service where nothing is wrong has quiet alarms, and the exit code is 0', async () => {
  const { url } = await openServedService(undefined);
  const { exitCode, stdout, stderr } = await coatcheck(['alarms', '--api', url]);
  expect([exitCode, stderr]).toEqual([0, '']);
  const rows = stdout.split('\n').slice(0, -1);
  expect(rows).toContain('DeadLetters\tok\t\t');
  expect(rows.filter((row) => !/^\w+\tok\t\t$/.test(row))).toEqual([]);
});

test('an alarm that is raised is printed with what to do, and the exit code is 1', async () => {
  const { url, service } = await openServedService(
    () => {
      throw new Error('no');
    },
    { settings: { maxAttempts: 1 } },
  );
  await service.wait((await service.submit('one')).id);
  const since = new Date(START).toISOString();
  // An outcome is published before its dead letter is sent.
  const stdout = await eventually(async () => {
    const alarms = await coatcheck(['alarms', '--api', url]);
    expect(alarms.exitCode).toBe(1);
    return alarms.stdout;
  });
  expect(stdout).toContain(`DeadLetters\talarm\t${since}\t1 message\n`);
  const json = await coatcheck(['alarms', '--api', url, '--json']);
  expect(json.exitCode).toBe(1);
  expect(
    json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toContainEqual(expect.objectContaining({ name: 'DeadLetters', state: 'alarm', since }));
  const shown = await coatcheckOnTerminal(['alarms', '--api', url], { columns: 120 });
  expect(shown.exitCode).toBe(1);
  const table = stripVTControlCharacters(shown.stdout);
  expect(table).toMatch(/^DeadLetters +alarm +\S+ +1 message$/m);
  expect(table).toMatch(/^DeadLetters: .*coatcheck dead-letters/m);
});
