import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { coatcheck, coatcheckOnTerminal } from '../support/coatcheck.ts';
import { answer, openScriptedApi, summaryOf } from '../support/scripted-api.ts';
import { openServedService } from '../support/served-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let url: string;
let cwd: string;

beforeEach(async () => {
  ({ url } = await openServedService(async (request) => {
    const value = await request.json();
    if (value === 'bad') throw new PermanentError('No such order', { code: 'order_unknown' });
    return { got: value };
  }));
  cwd = await temporaryFolder();
  await writeFile(join(cwd, 'good.ndjson'), '{"key":"a","json":1}\n{"key":"b","json":"\u2028"}\n');
  await writeFile(
    join(cwd, 'mixed.ndjson'),
    '{"key":"a","json":1}\n\n{"key":"b"}\n{"key":"c","json":"bad"}\nx',
  );
});

function batches(line: readonly string[], stdin?: string) {
  return coatcheck(['batches', ...line, '--api', url], { cwd, stdin });
}

test('a file is submitted, waited for and listed, and its results are written', async () => {
  const submitted = await batches(['submit', 'good.ndjson', '--wait', '-o', 'results.ndjson']);
  const [id = '', ...cells] = submitted.stdout.trimEnd().split('\t');
  expect([submitted.exitCode, cells]).toEqual([0, ['completed', '100%', '2', '2', '0', '0', '0']]);
  expect(submitted.stderr.split('\n').filter(Boolean)).toEqual([
    `${id}: 2 added`,
    `${id}: completed`,
    'results.ndjson: 2 lines',
  ]);
  const lines = (await readFile(join(cwd, 'results.ndjson'), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { key: 'a', status: 'succeeded', result: { json: { got: 1 } } },
    { key: 'b', status: 'succeeded', result: { json: { got: '\u2028' } } },
  ]);
  const [unsaved, printed, listed, status] = await Promise.all([
    batches(['results', id, '-o', 'none/results.ndjson']),
    batches(['results', id]),
    batches(['list', '--json']),
    batches(['status', id, '--json']),
  ]);
  expect(unsaved.stderr).toContain(
    `error: The result of ${id} couldn't be written to none/results.ndjson: ENOENT`,
  );
  const parsed = printed.stdout.split('\n').filter(Boolean);
  expect(parsed.map((line) => JSON.parse(line))).toEqual(lines.map((line) => JSON.parse(line)));
  expect(JSON.parse(listed.stdout)).toMatchObject({ id, status: 'completed', counts: { total: 2 } });
  expect(status.stdout).toBe(listed.stdout);
});

test('lines that are refused are named and leave the batch open, until they are corrected or it is sealed', async () => {
  const submitted = await batches(['submit', 'mixed.ndjson', '--json', '--wait', '-o', 'results.ndjson']);
  expect(submitted.exitCode).toBe(1);
  const { id, status, sealsAt, createdAt } = JSON.parse(submitted.stdout);
  expect(status).toBe('open');
  expect(Date.parse(sealsAt) - Date.parse(createdAt)).toBeGreaterThanOrEqual(7 * 86_400_000);
  expect(submitted.stderr.split('\n').filter(Boolean).slice(1)).toEqual([
    '  line 3 (b): A request must have one of json, text and base64, got none',
    '  line 5: A line must be a JSON object, like {"key": "a", "json": {}}, got "x"',
    `The batch is open until ${sealsAt}. Correct the lines and run npx coatcheck batches submit mixed.ndjson --resume ${id}, or go on without them: npx coatcheck batches seal ${id}`,
  ]);
  await writeFile(join(cwd, 'mixed.ndjson'), '{"key":"a","json":1}\n{"key":"b","json":2}\nx');
  const resumed = await batches(['submit', 'mixed.ndjson', '--resume', id]);
  expect([resumed.exitCode, resumed.stderr.split('\n')[0]]).toEqual([
    1,
    `${id}: 1 added, 1 already there, 1 refused`,
  ]);
  expect((await batches(['seal', id])).stdout).toMatch(/\t(running|completed)\t/);
  expect((await batches(['submit', 'good.ndjson', '--resume', id])).stderr).toContain('sealed');
  const ended = await batches(['wait', id]);
  expect([ended.exitCode, ended.stdout]).toEqual([3, `${id}\tcompleted\t100%\t3\t2\t1\t0\t0\t\t\n`]);
});

test('a batch is cancelled if all of its lines are refused, unless it was there before', async () => {
  await writeFile(join(cwd, 'bad.ndjson'), 'x\ny\n');
  const submitted = await batches(['submit', 'bad.ndjson', '--json', '--wait']);
  expect(submitted.exitCode).toBe(1);
  expect(JSON.parse(submitted.stdout)).toMatchObject({ status: 'cancelled', counts: { total: 0 } });
  expect(submitted.stderr).toContain(
    'The batch is cancelled, because no line was added. Correct the lines and run npx coatcheck batches submit bad.ndjson\n',
  );
  const answer = await fetch(`${url}/v1/batches`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  const { id }: { id: string } = JSON.parse(await answer.text());
  const resumed = await batches(['submit', 'bad.ndjson', '--resume', id]);
  expect(resumed.stdout).toMatch(/\topen\t/);
  expect((await batches(['seal', id])).stdout).toMatch(/\tcompleted\t/);
});

test('a batch with items stays open if others are refused, although its counts come later, as on AWS', async () => {
  const counts = { total: 0, queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0 };
  const open = {
    id: 'b-1',
    status: 'open',
    createdAt: '2026-01-31T12:00:00.000Z',
    counts,
    progress: 0,
    links: {},
  };
  const refused = [{ line: 2, problem: { code: 'x', status: 400, detail: 'No' } }];
  const { endpoint, calls } = await openScriptedApi([
    answer(201, open),
    answer(200, { added: 1, repeated: 0, refused }),
    answer(200, open),
  ]);
  const submitted = await coatcheck(['batches', 'submit', 'good.ndjson', '--api', endpoint.url], { cwd });
  expect(submitted.stderr).toContain('The batch is open. Correct the lines and run ');
  expect(calls.map(summaryOf)).toEqual([
    'POST /v1/batches',
    'POST /v1/batches/b-1/items',
    'GET /v1/batches/b-1',
  ]);
});

test('a batch goes on where it was interrupted, and is cancelled', async () => {
  const response = await fetch(`${url}/v1/batches`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ notBefore: '2026-02-01T00:00:00Z' }),
  });
  const { id }: { id: string } = JSON.parse(await response.text());
  const first = {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: '{"key":"a","json":1}',
  };
  await fetch(`${url}/v1/batches/${id}/items`, first);
  const stdin = '{"key":"a","json":1}\n{"key":"b","json":2}\n';
  const resumed = await batches(['submit', '-', '--resume', id], stdin);
  expect(resumed.stderr).toBe(`${id}: 1 added, 1 already there\n`);
  const late = await batches(['wait', id, '--timeout', '1s']);
  expect(late.exitCode).toBe(6);
  expect(late.stderr).toContain(`The batch ${id} did not end within 1 s; its status is running`);
  expect((await batches(['cancel', id])).stdout).toMatch(/\tcancelling\t/);
  const ended = await batches(['wait', id]);
  expect([ended.exitCode, ended.stdout]).toEqual([4, `${id}\tcancelled\t100%\t2\t0\t0\t2\t0\t\t\n`]);
});

test('on a terminal there is progress, and a table', async () => {
  const args = ['batches', 'submit', join(cwd, 'good.ndjson'), '--wait', '--api', url];
  const { stdout } = await coatcheckOnTerminal(args, { columns: 120 });
  expect(stdout).toContain('batch');
  expect(stdout).toMatch(/completed +100% +2 +2 +0/);
});

test('what can not be is refused before there is a batch', async () => {
  const refused: [string[], string, number][] = [
    [['submit', 'none.ndjson'], "Can't read lines of JSON from none.ndjson: ENOENT", 1],
    [['submit', '.'], "Can't read lines of JSON from .: it is a folder", 1],
    [['submit', 'good.ndjson', '-o', 'x'], '--output needs --wait', 2],
    [['submit', 'good.ndjson', '--resume', 'b', '--topic', 'a'], 'leave them out with --resume', 2],
    [['submit', 'good.ndjson', '--resume', 'b'], "The batch b doesn't exist", 1],
  ];
  await Promise.all(
    refused.map(async ([line, problem, exitCode]) => {
      const ended = await batches(line);
      expect(ended.stderr).toContain(problem);
      expect(ended.exitCode).toBe(exitCode);
    }),
  );
  expect((await batches(['list'])).stdout).toBe('');
});
