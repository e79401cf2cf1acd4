import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { effectiveSettings } from '../../lib/cli/serve/effective-settings.ts';
import { readServeEnvironment } from '../../lib/core/config/serve-environment.ts';
import { coatcheck, coatcheckOnTerminal } from '../support/coatcheck.ts';
import { openServedService } from '../support/served-service.ts';

async function setUp() {
  const { url } = await openServedService(undefined, { settings: { maxAttempts: 7 } });
  return ['settings', '--api', url];
}

test('a pipe gets a line for each setting, and JSON the same', async () => {
  const line = await setUp();
  const { exitCode, stdout, stderr } = await coatcheck(line);
  expect([exitCode, stderr]).toEqual([0, '']);
  const rows = stdout.trimEnd().split('\n');
  expect(rows).toContain('maxAttempts\t7\tattempts\t5\tprogram\t');
  expect(rows).toContain('concurrency\t10\trequests\t\tdefault\t');
  const lines = (await coatcheck([...line, '--json'])).stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(rows.length);
  expect(lines.map((each) => JSON.parse(each))).toContainEqual({
    name: 'maxAttempts',
    value: 7,
    unit: 'attempts',
    default: 5,
    from: 'program',
  });
});

test('each setting of coatcheck serve has the variable that sets it', async () => {
  const environment = readServeEnvironment({ COATCHECK_MAX_ATTEMPTS: '7' });
  const shownSettings = effectiveSettings(environment, new Map(), { COATCHECK_MAX_ATTEMPTS: '7' });
  const { url } = await openServedService(undefined, { shownSettings });
  const { stdout } = await coatcheck(['settings', '--api', url]);
  expect(stdout).toContain(
    'maxAttempts\t7\tattempts\t5\tvariable COATCHECK_MAX_ATTEMPTS\tvariable COATCHECK_MAX_ATTEMPTS\n',
  );
  expect(stdout).toMatch(/^retryBaseSeconds\t10\tseconds\t10\tdefault\tvariable COATCHECK_\w+$/m);
});

test('a terminal gets a table', async () => {
  const { stdout } = await coatcheckOnTerminal(await setUp(), { columns: 100 });
  const table = stripVTControlCharacters(stdout);
  expect(table).toMatch(/^setting +value +unit +default +from +set by$/m);
  expect(table).toMatch(/^maxAttempts +7 +attempts +5 +program$/m);
});
