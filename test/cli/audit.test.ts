import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { ApiHarness } from '../support/api-harness.ts';
import { AUDITED } from '../support/audited-ledger.ts';
import { coatcheck } from '../support/coatcheck.ts';
import { ServedApi } from '../support/served-api.ts';
import { openServedService } from '../support/served-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function setUp() {
  const { url, service, storage } = await openServedService(undefined);
  const cwd = await temporaryFolder();
  const { path } = storage.file;
  const sabotage = (sql: string) => {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
  };
  const ledger = (...line: readonly string[]) => coatcheck(['ledger', '--api', url, ...line], { cwd });
  const audit = (...line: readonly string[]) => coatcheck(['audit', '--file', path, ...line], { cwd });
  const { id } = await service.submit('one');
  await service.submit('two');
  return { id, ledger, audit, sabotage };
}

test('a ledger that balances, and an audit without findings, end with 0', async () => {
  const { ledger, audit } = await setUp();
  const counted = await ledger();
  expect([counted.exitCode, counted.stdout]).toEqual([
    0,
    'accepted\t2\nsucceeded\t0\nfailed\t0\ncancelled\t0\nexpired\t0\nwaiting\t2\nrunning\t0\ndead-lettered\t0\ndrift\t0\n',
  ]);
  const audited = await audit();
  expect([audited.exitCode, audited.stdout, audited.stderr]).toEqual([
    0,
    '',
    '2 requests: all accounted for\n',
  ]);
});

test('a lost message ends both with 1, and the audit names it', async () => {
  const { id, ledger, audit, sabotage } = await setUp();
  sabotage('DELETE FROM messages WHERE number = 1');
  const counted = await ledger('--json');
  expect([counted.exitCode, counted.stderr]).toEqual([1, '1 missing. Find out which: npx coatcheck audit\n']);
  expect(JSON.parse(counted.stdout)).toMatchObject({ accepted: 2, waiting: 1, drift: 1 });
  const audited = await audit('--grace', '0s');
  expect(audited.exitCode).toBe(1);
  expect(audited.stdout.split('\t').slice(0, 3)).toEqual(['message_missing', id, '']);
  expect(audited.stdout).toContain(`npx coatcheck cancel ${id}`);
  const [json] = (await audit('--grace', '0s', '--json')).stdout.trim().split('\n');
  expect(JSON.parse(json ?? '')).toMatchObject({ verdict: 'message_missing', ticket: id });
  expect((await audit('--grace', '0s', '--except', 'message_missing')).exitCode).toBe(0);
});

test('a ledger that an audit counted has its age', async () => {
  const harness = new ApiHarness();
  await using api = await new ServedApi(harness).start();
  const ledger = (...line: readonly string[]) => coatcheck(['ledger', '--api', api.url, ...line]);
  const none = await ledger();
  expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining('Set observability.audit')]);
  harness.ledger.latest = { ...AUDITED, at: Date.now() - 2 * 3_600_000 };
  const counted = await ledger();
  expect(counted.exitCode).toBe(1);
  expect(counted.stdout).toContain('accepted\t10\n');
  expect(counted.stderr).toMatch(
    /^Counted by an audit at \S+Z, 2 h ago, which took 1\.2 min\n1 missing\. Find out which: npx coatcheck audit\n$/,
  );
  expect(JSON.parse((await ledger('--json')).stdout)).toMatchObject({ drift: 1, audit: AUDITED.audit });
});

test('a file that does not exist is an error', async () => {
  const { exitCode, stderr } = await coatcheck(['audit', '--file', 'no.db'], {
    cwd: await temporaryFolder(),
  });
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('There is no file no.db')]);
});
