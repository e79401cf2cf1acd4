import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CoatcheckClient } from 'coatcheck/client';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { all } from '../support/all.ts';
import { coatcheck, coatcheckOnTerminal } from '../support/coatcheck.ts';
import { eventually } from '../support/eventually.ts';
import { openServedService } from '../support/served-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let url: string;
let client: CoatcheckClient;
let fails: boolean;

beforeEach(async () => {
  fails = true;
  const served = await openServedService(
    async (request) => {
      if (fails) throw Object.assign(new Error('Down'), { code: 'EDOWN' });
      return request.json();
    },
    { settings: { maxAttempts: 1 }, recordMetadata: ['customer'] },
  );
  ({ url } = served);
  const ticking = setInterval(() => served.clock.advanceSeconds(1), 20);
  onTestFinished(() => clearInterval(ticking));
  client = new CoatcheckClient({ baseUrl: url });
  for (let order = 1; order <= 3; order++) {
    const metadata = { customer: order < 3 ? 'acme' : 'other' };
    await client.wait((await client.submitJson({ order }, { metadata })).id);
  }
  await eventually(async () => {
    const { count } = await client.actions.plan({ action: 'purge', filter: { code: 'EDOWN' } });
    expect(count).toBe(3);
  });
});

function actions(...line: readonly string[]) {
  return coatcheck(['actions', ...line, '--api', url]);
}

test('an action is planned, shown, applied and listed', async () => {
  const planned = await actions(
    'plan',
    'redrive',
    '--code',
    'EDOWN',
    '--since',
    '2026-01-01T00:00:00Z',
    '--reason',
    'Up again',
  );
  const [id = '', ...cells] = planned.stdout.trimEnd().split('\t');
  expect(cells.slice(0, 6)).toEqual(['redrive', 'planned', '3', '0', '0', '0']);
  expect(cells.at(-1)).toBe('Up again');
  const requests = (await actions('show', id, '--requests')).stdout.trimEnd().split('\n');
  expect(requests.map((line) => line.split('\t')[2])).toEqual(['failed', 'failed', 'failed']);
  fails = false;
  const [unsaid, wrong] = await Promise.all([actions('apply', id), actions('apply', id, '--count', '2')]);
  expect([unsaid.exitCode, wrong.exitCode]).toEqual([2, 1]);
  expect(unsaid.stderr).toContain('no terminal to ask for confirmation; pass --count');
  expect(wrong.stderr).toContain(`count and hash must be those of the plan ${id}, got 2`);
  const applied = await actions('apply', id, '--count', '3');
  expect([applied.exitCode, applied.stderr.trim()]).toEqual([
    0,
    `${id}: succeeded: 3 done, 0 skipped, 0 failed`,
  ]);
  expect(applied.stdout.split('\t').slice(1, 7)).toEqual(['redrive', 'succeeded', '3', '3', '0', '0']);
  const listed = JSON.parse((await actions('list', '--limit', '1', '--json')).stdout);
  expect(listed).toMatchObject({ id, state: 'succeeded', reason: 'Up again' });
});

test('the end of a rehearsal says how many requests would succeed and fail', async () => {
  const [id = ''] = (await actions('plan', 'rehearse', '--code', 'EDOWN')).stdout.split('\t');
  const applied = await actions('apply', id, '--count', '3');
  expect([applied.exitCode, applied.stderr.trim()]).toEqual([
    3,
    `${id}: 0 would succeed, 0 undecided, 3 would fail`,
  ]);
});

test('an action is planned for the requests with metadata', async () => {
  const plan = (...options: readonly string[]) => actions('plan', 'redrive', ...options, '--json');
  const { filter, count } = JSON.parse((await plan('--metadata', 'customer=acme')).stdout);
  expect([filter, count]).toEqual([{ metadata: { customer: 'acme' } }, 2]);
  const undeclared = await plan('--metadata', 'customer=acme', '--metadata', 'region=eu');
  expect(undeclared.exitCode).toBe(1);
  expect(undeclared.stderr).toContain('got "metadata.region": the declared keys are metadata.customer');
});

test('an action is planned for requests by their submission, version and lack of a tenant', async () => {
  const { filter, count } = JSON.parse(
    (
      await actions(
        ...['plan', 'redrive', '--created-since', '1h', '--created-until', '2100-01-01T00:00:00Z'],
        ...['--handler-version', '42', '--tenant', '', '--json'],
      )
    ).stdout,
  );
  expect(filter).toEqual({
    createdSince: expect.any(String),
    createdUntil: '2100-01-01T00:00:00.000Z',
    handlerVersion: '42',
    tenant: '',
  });
  expect(Date.now() - Date.parse(filter.createdSince)).toBeGreaterThanOrEqual(3_600_000);
  expect(count).toBe(0);
});

test('on a terminal a plan is a table, and its application is confirmed', async () => {
  const plan = ['actions', 'plan', 'purge', '--code', 'EDOWN', '--api', url];
  const planned = await coatcheckOnTerminal(plan, { columns: 160 });
  expect(planned.stdout).toMatch(/kind +state +requests/);
  const [, id = ''] = /apply it: npx coatcheck actions apply (\S+)/.exec(planned.stdout) ?? [];
  const apply = ['actions', 'apply', id, '--api', url];
  const refused = await coatcheckOnTerminal(apply, { stdin: 'y\n' });
  expect(refused.stdout).toContain('purge 3 requests: type 3:');
  expect(await client.actions.get(id)).toMatchObject({ state: 'planned' });
  const applied = await coatcheckOnTerminal(apply, { stdin: '3\n' });
  expect([applied.exitCode, await client.actions.get(id)]).toMatchObject([0, { state: 'succeeded' }]);
});

test('an action that can be undone is confirmed with yes', async () => {
  const [id = ''] = (await actions('plan', 'redrive', '--code', 'EDOWN')).stdout.split('\t');
  const apply = ['actions', 'apply', id, '--api', url];
  const refused = await coatcheckOnTerminal(apply, { stdin: 'n\n' });
  expect(refused.stdout).toContain('redrive 3 requests? [y/N]');
  expect(await client.actions.get(id)).toMatchObject({ state: 'planned' });
  const applied = await coatcheckOnTerminal([...apply, '--no-wait'], { stdin: 'y\n' });
  expect(applied.exitCode).toBe(0);
  expect((await client.actions.get(id)).state).not.toBe('planned');
});

test('a canary that fails again ends with an exit code of its own', async () => {
  const planned = await actions(
    'plan',
    'redrive',
    '--code',
    'EDOWN',
    '--canary',
    '50%',
    '--stop-above',
    '20%',
  );
  const [id = ''] = planned.stdout.split('\t');
  const applied = await actions('apply', id, '--count', '3');
  expect(applied.exitCode).toBe(3);
  expect(applied.stderr).toContain('of the first 2 requests failed again, which is more than 20%');
});

test('a request is retried with a file', async () => {
  const file = join(await temporaryFolder(), 'fixed.json');
  await writeFile(file, '{"order":9}');
  fails = false;
  const [ticket] = await all(client.list({ limit: 1 }));
  const planned = await actions('plan', 'retry', ticket?.id ?? '', '--payload', file);
  const [id = ''] = planned.stdout.split('\t');
  expect((await actions('apply', id, '--count', '1')).exitCode).toBe(0);
  const [line = ''] = (await actions('show', id, '--requests', '--json')).stdout.split('\n');
  const { retriedAs } = JSON.parse(line);
  await client.wait(retriedAs);
  expect(await (await client.result(retriedAs)).json()).toEqual({ order: 9 });
});

test('a plan is dropped, and what can’t be planned is refused', async () => {
  const [id = ''] = (await actions('plan', 'purge', '--code', 'EDOWN')).stdout.split('\t');
  expect((await actions('abort', id)).stdout.split('\t')[2]).toBe('aborted');
  const [unfiltered, unknown] = await Promise.all([actions('plan', 'purge'), actions('plan', 'burn')]);
  expect([unfiltered.exitCode, unknown.exitCode]).toEqual([1, 2]);
  expect(unfiltered.stderr).toContain('filter must have at least one of ids');
  expect(unknown.stderr).toContain('Allowed choices are redrive, purge, cancel, retry');
});
