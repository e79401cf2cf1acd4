import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { CoatcheckClient } from 'coatcheck/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeWebhook } from '../../../lib/core/webhooks/message.ts';
import { QUEUES } from '../../../lib/embedded/storage.ts';
import { SqliteFile } from '../../../lib/stores/sqlite/sqlite-file.ts';
import { SqliteWebhookQueue } from '../../../lib/stores/sqlite/webhook-queue.ts';
import { eventually } from '../../support/eventually.ts';
import { WorkerProcess } from '../../support/worker-process.ts';

/** Fails until it is fixed. */
const PROCESSOR = `
import { existsSync } from 'node:fs';
import { processor } from 'coatcheck';
export const handler = processor(async (request) => {
  if (!existsSync('fixed')) throw new TypeError('not fixed yet');
  return request.text();
});
`;

let folder: string;
let service: WorkerProcess;
let client: CoatcheckClient;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-queues-'));
  await mkdir(join(folder, 'node_modules'));
  await symlink(resolve('.'), join(folder, 'node_modules', 'coatcheck'), 'junction');
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'processor.ts'), PROCESSOR);
  const variables = { COATCHECK_PORT: '0', COATCHECK_MAX_ATTEMPTS: '1' };
  service = new WorkerProcess(folder, ['processor.ts'], variables, 'serve');
  await service.started();
  client = new CoatcheckClient({ baseUrl: service.apiUrl });
});
afterEach(async () => {
  await service.kill();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command while the service runs. */
async function coatcheck(...args: readonly string[]) {
  const command = [resolve('bin/coatcheck.ts'), ...args];
  const env = { PATH: process.env.PATH, NO_COLOR: '1' };
  return promisify(execFile)(process.execPath, command, { cwd: folder, env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error) => ({ code: error.code, stdout: String(error.stdout), stderr: String(error.stderr) }),
  );
}

async function submitted(...payloads: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const payload of payloads) {
    const { id } = await client.submit(new Blob([payload]), { contentType: 'text/plain' });
    await client.wait(id);
    ids.push(id);
  }
  return ids;
}

test('dead letters are listed, shown, put back and deleted', async () => {
  const [first = '', second = ''] = await submitted('one', 'two');
  // An outcome is published before its dead letter is sent.
  await eventually(() => expect(letters()).toHaveLength(2));
  const listed = await coatcheck('dead-letters', 'list', '--json');
  expect(listed.stderr).toContain(`using the service of coatcheck serve at ${service.apiUrl}`);
  const lines = listed.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { id: first, status: 'failed', code: 'TypeError', message: 'not fixed yet', attempts: 1, redrives: 0 },
    { id: second },
  ]);
  const shown = await coatcheck('dead-letters', 'show', first);
  expect(shown.stdout).toMatch(/payload +in the message, 3 bytes text\/plain/);
  expect(shown.stdout).toMatch(/@DeadLetterCode +attempts_exhausted/);
  const ofAcme = await coatcheck('dead-letters', 'list', '--metadata', 'customer=acme');
  expect([ofAcme.code, ofAcme.stdout]).toEqual([0, '']);
  // All commands have left the messages visible.
  await writeFile(join(folder, 'fixed'), '');
  expect(await coatcheck('dead-letters', 'redrive', first, '--yes')).toMatchObject({
    code: 0,
    stdout: `${first}\tput_back\n`,
  });
  // Its record still says `failed` until it is claimed.
  await eventually(async () => expect(await client.status(first)).toMatchObject({ status: 'succeeded' }));
  expect(await coatcheck('dead-letters', 'purge', '--count', '1')).toMatchObject({
    stdout: `${second}\tdeleted\n`,
  });
  expect(await coatcheck('dead-letters', 'list')).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('no dead letters'),
  });
  expect(await client.status(second)).toMatchObject({ status: 'failed' });
  expect(await coatcheck('audit', '--grace', '0s')).toMatchObject({ code: 0, stdout: '' });
});

/** Fixes one of them, and prints. */
const FIX = `
import { processor } from 'coatcheck';
export const handler = processor(async (request) => {
  const text = await request.text();
  console.log('rehearsal', request.isRehearsal);
  if (text === 'kill') process.kill(process.pid, 'SIGKILL');
  if (text === 'two') throw new RangeError('still broken');
  return request.complete(text, { sqlite: () => process.exit(1) });
});
`;

test('dead letters are rehearsed on a fix, before it runs: one that kills its process, too', async () => {
  const [one = '', kill = '', two = ''] = await submitted('one', 'kill', 'two');
  await eventually(async () => expect(letters()).toHaveLength(3));
  await writeFile(join(folder, 'fix.ts'), FIX);
  const before = letters();
  const rehearse = ['dead-letters', 'redrive', '--rehearse', '--yes'];
  const rehearsed = await coatcheck(...rehearse, '--processor', 'fix.ts');
  expect(rehearsed).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('1 would succeed, 2 would fail, 0 undecided'),
  });
  const lines = rehearsed.stdout.trim().split('\n');
  expect(lines.toSorted()).toEqual(
    [`${one}\tsucceeds\t`, `${kill}\tfails\tprocess_died`, `${two}\tfails\tRangeError`].toSorted(),
  );
  expect(rehearsed.stderr).toContain('rehearsal true');
  const good = await coatcheck(...rehearse, '--processor', 'fix.ts', '--json', one);
  expect(good).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(
      'to put back those that would succeed: npx coatcheck dead-letters redrive',
    ),
  });
  expect(JSON.parse(good.stdout)).toMatchObject({
    id: one,
    code: 'TypeError',
    rehearsal: { result: 'succeeds' },
  });
  expect(letters()).toEqual(before);
});

/** The rows of all messages. */
function letters() {
  using database = new DatabaseSync(join(folder, '.coatcheck', 'service.db'), { readOnly: true });
  return database.prepare("SELECT * FROM messages WHERE queue = 'dead-letters'").all();
}

test('outcomes are consumed once, by a command too, and again when it fails', async () => {
  await writeFile(join(folder, 'fixed'), '');
  const [first, second, third] = await submitted('one', 'two', 'three');
  const consumed = await coatcheck('consume', '--max', '2');
  expect(consumed.code).toBe(0);
  expect(
    consumed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ requestId: first, status: 'succeeded', data: 'one' }, { requestId: second }]);
  expect(await coatcheck('consume', '--max', '1', '--exec', 'cat; exit 3')).toMatchObject({
    code: 1,
    stdout: '"three"',
    stderr: expect.stringContaining(`${third}: The command exited with 3`),
  });
  expect(await coatcheck('consume', '--max', '1', '--exec', 'cat')).toMatchObject({
    code: 0,
    stdout: '"three"',
  });
});

/** A webhook of a request used up its attempts. @param at when the request ended */
async function deadLetterWebhook(request: string, at: number): Promise<void> {
  await using file = await SqliteFile.open(join(folder, '.coatcheck', 'service.db'));
  const body = encodeWebhook({
    url: 'https://hooks.invalid/hook',
    id: `id-${request}`,
    attempt: 11,
    subject: { type: 'coatcheck.request.failed', request: { id: request, source: '' }, at },
    body: '{}',
  });
  await new SqliteWebhookQueue(file, QUEUES.webhookDeadLetters, Date).send(body, 'hooks.invalid', 0);
}

test('dead-lettered webhooks are deleted, and their requests say so', async () => {
  const [id = ''] = await submitted('one');
  const { endedAt = '' } = await client.status(id);
  await deadLetterWebhook(id, Date.parse(endedAt));
  await deadLetterWebhook('other', 0);
  expect(await coatcheck('webhooks', 'purge', '--request', id, '--count', '1')).toMatchObject({
    code: 0,
    stdout: `id-${id}\t${id}\tdeleted\n`,
  });
  expect((await client.status(id)).webhook).toMatchObject({
    status: 'dead_lettered',
    attempts: 10,
    reason: 'given up: it was deleted from the dead-letter queue',
  });
  expect((await coatcheck('webhooks', 'list')).stdout).toContain('id-other');
});

test('dead-lettered webhooks are listed and put back', async () => {
  await deadLetterWebhook('a', 0);
  expect(await coatcheck('webhooks', 'list', '--json')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"request":"a","host":"hooks.invalid"'),
  });
  expect(await coatcheck('webhooks', 'replay', '--yes')).toMatchObject({ stdout: 'id-a\ta\tput_back\n' });
  expect((await coatcheck('webhooks', 'list')).stderr).toContain('no dead-lettered webhooks');
});

test('logs says where the log is', async () => {
  expect(await coatcheck('logs')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      'coatcheck serve runs in this folder, and writes its log to its standard output',
    ),
  });
});
