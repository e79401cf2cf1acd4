import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { DIRECT_MAX_BYTES } from '../../lib/client/index.ts';
import { begin, cliService } from '../support/cli-service.ts';
import { coatcheck, coatcheckOnTerminal, interrupt, startCoatcheck } from '../support/coatcheck.ts';
import { openServedService } from '../support/served-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const TICKET = '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}';

/** Creates files in a temporary folder. @returns the folder */
async function folderWith(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

function linesOf(text: string): string[] {
  return text.split('\n').filter(Boolean).toSorted();
}

test('submits a file with its content type and prints its ticket', async () => {
  const { url, api } = await cliService();
  const cwd = await folderWith({ 'a.csv': 'a,b\n1,2\n' });

  const { exitCode, stdout, stderr } = await coatcheck(['submit', 'a.csv', '--api', url], { cwd });

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(new RegExp(`^${TICKET}\ta\\.csv\n$`));
  expect(stderr).toMatch(/^a\.csv: 8 bytes sent, ticket /);
  await api.deliver();
  const [id = ''] = stdout.split('\t');
  expect(await (await api.call('GET', `/v1/requests/${id}/result`)).json()).toEqual({
    bytes: 8,
    contentType: 'text/csv',
    metadata: {},
  });
});

test('says why it waits before it tries again', async () => {
  const { url } = await openServedService(undefined, { limits: [{ key: 'all', maxWaiting: 1 }] });
  const cwd = await folderWith({ a: 'a' });
  expect((await coatcheck(['submit', 'a', '--api', url], { cwd })).exitCode).toBe(0);
  const child = startCoatcheck(['submit', 'a', '--api', url], { cwd });
  const [line] = await once(child.stderr ?? child, 'data');
  expect(String(line)).toMatch(/1 requests? .*waiting, and at most 1 may.* \(next try in \d+\.\d s\)\n$/);
  interrupt(child);
  await once(child, 'close');
});

test('options apply to every file', async () => {
  const { url } = await cliService();
  const cwd = await folderWith({ 'a.csv': 'a', b: 'b' });
  const options = ['--content-type', 'text/plain', '--metadata', 'customer=17', '--metadata', 'note=a=b'];

  const { stdout } = await coatcheck(
    ['submit', 'a.csv', 'b', ...options, '--expires-at', '2126-01-31T12:00:00Z', '--json', '--api', url],
    { cwd },
  );
  const tickets = linesOf(stdout).map((line) => JSON.parse(line));
  expect(tickets).toMatchObject([
    { file: 'a.csv', status: 'queued', expiresAt: '2126-01-31T12:00:00.000Z' },
    { file: 'b', status: 'queued', expiresAt: '2126-01-31T12:00:00.000Z' },
  ]);

  const { stdout: output } = await coatcheck(
    ['submit', 'a.csv', ...options, '--wait', '-o', 'out', '--api', url],
    { cwd },
  );
  expect(output).toMatch(/\ta\.csv\tsucceeded\tout\/a\.csv\.result\.json\n$/);
  expect(JSON.parse(await readFile(join(cwd, 'out', 'a.csv.result.json'), 'utf8'))).toEqual({
    bytes: 1,
    contentType: 'text/plain',
    metadata: { customer: '17', note: 'a=b' },
  });
});

test.each([
  [{ TRACEPARENT: TRACE, TRACESTATE: 'a=1' }, []],
  [{ TRACEPARENT: 'none' }, ['--traceparent', TRACE, '--tracestate', 'a=1']],
])('the trace comes from the environment %j and options %j', async (variables, options) => {
  const { url, api } = await cliService();
  const cwd = await folderWith({ a: 'a' });
  const args = ['submit', 'a', ...options, '--json', '--api', url];

  const { stdout } = await coatcheck(args, { cwd, variables });

  expect(JSON.parse(stdout).traceparent).toBe(TRACE);
  const [stored] = api.harness.records.all();
  expect(stored?.record.request).toMatchObject({ traceparent: TRACE, tracestate: 'a=1' });
});

test('ignores a malformed traceparent', async () => {
  const { url } = await cliService();
  const cwd = await folderWith({ a: 'a' });

  const { exitCode, stdout } = await coatcheck(
    ['submit', 'a', '--traceparent', 'none', '--json', '--api', url],
    { cwd },
  );

  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).not.toHaveProperty('traceparent');
});

test('--in and --at schedule the requests', async () => {
  const { url, api } = await cliService();
  const cwd = await folderWith({ a: 'a' });
  const before = Date.now();
  api.harness.clock.time = before;
  const soon = await coatcheck(['submit', 'a', '--in', '1h', '--json', '--api', url], { cwd });
  const { status, notBefore } = JSON.parse(soon.stdout);
  expect(status).toBe('scheduled');
  expect(Date.parse(notBefore)).toBeGreaterThanOrEqual(before + 3_600_000);
  expect(Date.parse(notBefore)).toBeLessThanOrEqual(Date.now() + 3_600_000);
  const past = await coatcheck(['submit', 'a', '--at', '2026-01-31T12:00:00Z', '--json', '--api', url], {
    cwd,
  });
  expect(JSON.parse(past.stdout)).toMatchObject({ status: 'queued', notBefore: '2026-01-31T12:00:00.000Z' });
});

test.each([
  [[], 'queued'],
  [['--wait'], 'succeeded'],
  [['--wait', '--id', 'late', '--in', '1h', '--timeout', '100ms'], 'scheduled'],
])('--json %j prints the receipt', async (options, status) => {
  const { url, api } = await cliService();
  // Otherwise, the time that is an hour from now is years from that of the service.
  api.harness.clock.time = Date.now();
  const cwd = await folderWith({ a: 'a' });

  const { stdout } = await coatcheck(['submit', 'a', ...options, '--json', '--api', url], { cwd });

  const { id, receipt, ...printed } = JSON.parse(stdout);
  expect(printed).toMatchObject({ file: 'a', status });
  const [, claims = ''] = receipt.split('.');
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ sub: id });
});

test('--expires-in is relative to now', async () => {
  const { url } = await cliService();
  const cwd = await folderWith({ a: 'a' });
  const before = Date.now();

  const { stdout } = await coatcheck(['submit', 'a', '--expires-in', '1h', '--json', '--api', url], { cwd });

  const expiresAt = Date.parse(JSON.parse(stdout).expiresAt);
  expect(expiresAt).toBeGreaterThanOrEqual(before + 3_600_000);
  expect(expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000);
});

test('the same idempotency key returns the same ticket', async () => {
  const { url } = await cliService();
  const cwd = await folderWith({ a: 'a' });
  const submit = () => coatcheck(['submit', 'a', '--idempotency-key', 'order-17', '--api', url], { cwd });

  const first = await submit();
  expect(first.exitCode).toBe(0);
  expect((await submit()).stdout).toBe(first.stdout);
});

test('--id chooses the ticket, and the same file with it is the same request', async () => {
  const { url } = await cliService();
  const cwd = await folderWith({ a: 'a', b: 'b' });
  const submit = (file: string) => coatcheck(['submit', file, '--id', 'order-17', '--api', url], { cwd });

  const first = await submit('a');
  expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('order-17') });
  expect((await submit('a')).stdout).toBe(first.stdout);
  expect(await submit('b')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('request_id_reused'),
  });
});

test('submits standard input', async () => {
  const { url } = await cliService();
  const TMPDIR = await temporaryFolder();

  const { stdout } = await coatcheck(
    ['submit', '-', '--wait', '--content-type', 'text/csv', '--json', '--api', url],
    { stdin: 'a,b\n', variables: { TMPDIR } },
  );

  expect(JSON.parse(stdout)).toMatchObject({ file: '-', status: 'succeeded' });
  // Node keeps what it has compiled there.
  expect((await readdir(TMPDIR)).filter((name) => name !== 'node-compile-cache')).toEqual([]);
});

test('uploads a large file directly to the store', async () => {
  const { url, calls } = await cliService();
  const cwd = await folderWith({ 'large.bin': new Uint8Array(DIRECT_MAX_BYTES + 1).fill(7) });

  const { exitCode, stderr } = await coatcheck(['submit', 'large.bin', '--wait', '-o', '.', '--api', url], {
    cwd,
  });

  expect(stderr).toContain('large.bin: 4.0 MiB sent');
  expect(exitCode).toBe(0);
  expect(calls.map(({ method, path }) => `${method} ${path}`)).toContain('POST /v1/uploads');
  expect(calls.map(({ path }) => path)).not.toContain('/v1/requests');
  const result = JSON.parse(await readFile(join(cwd, 'large.bin.result.json'), 'utf8'));
  expect(result).toMatchObject({ bytes: DIRECT_MAX_BYTES + 1 });
});

test('--wait prints every outcome, and exits with the worst code', async () => {
  const { url } = await cliService();
  const cwd = await folderWith({ 'good.txt': 'text', bad: 'fail', 'good.bin': 'byte' });

  const { exitCode, stdout, stderr } = await coatcheck(
    ['submit', 'good.txt', 'bad', 'good.bin', '--wait', '-o', 'out', '--api', url],
    { cwd },
  );

  expect(exitCode).toBe(3);
  const printed = stdout.replaceAll(new RegExp(TICKET, 'g'), 'TICKET');
  expect(linesOf(printed)).toEqual([
    'TICKET\tbad\tfailed\tcsv_invalid',
    'TICKET\tgood.bin\tsucceeded\tout/good.bin.result.bin',
    'TICKET\tgood.txt\tsucceeded\tout/good.txt.result.txt',
  ]);
  expect(stderr).toContain('bad: failed csv_invalid: line 3 has no  [31mend\n');
  expect((await readdir(join(cwd, 'out'))).toSorted()).toEqual([
    'good.bin.result.bin',
    'good.txt.result.txt',
  ]);
});

test('--timeout ends the wait, and prints the latest known state', async () => {
  const served = await cliService();
  const { url, api } = served;
  api.onWait = async () => {
    const askedFor = served.calls.at(-1)?.path.split('/').at(-1) ?? '';
    await begin(served, askedFor, { fraction: 0.5 });
  };
  const cwd = await folderWith({ a: 'a' });

  const { exitCode, stdout, stderr } = await coatcheck(
    ['submit', 'a', '--wait', '--timeout', '1.5s', '--api', url],
    { cwd },
  );

  expect(exitCode).toBe(6);
  expect(stdout).toMatch(new RegExp(`^${TICKET}\ta\trunning\t\n$`));
  expect(stderr).toMatch(/error: a: The request .* did not end within 1\.\d+ s; its status is running/);
});

test('D4: an interruption ends the wait, and prints how to resume it', async () => {
  const { url, api } = await cliService();
  const waited = Promise.withResolvers<void>();
  api.onWait = async () => waited.resolve();
  const cwd = await folderWith({ a: 'a', b: 'b' });
  const child = startCoatcheck(['submit', 'a', 'b', '--wait', '--api', url], { cwd });
  const said = text(child.stderr ?? Readable.from([]));
  await waited.promise;

  interrupt(child);

  expect(await once(child, 'close')).toEqual([130, null]);
  expect(await said).toMatch(
    new RegExp(
      `\nThe requests? continues?\\. To wait again:\n  npx coatcheck wait (?:${TICKET} )+--api ${url}\n$`,
    ),
  );
});

test('D4: a wait that timed out can be resumed', async () => {
  const { url, api } = await cliService();
  const cwd = await folderWith({ a: 'a' });
  const first = await coatcheck(['submit', 'a', '--wait', '--timeout', '100ms', '--api', url], { cwd });
  expect(first.exitCode).toBe(6);
  const [command = '', ticket = ''] =
    new RegExp(`coatcheck (wait (${TICKET}) .*)`).exec(first.stderr)?.slice(1) ?? [];

  await api.deliver();
  const again = await coatcheck([...command.split(' '), '-o', 'results'], { cwd });

  const file = join('results', `${ticket}.result.json`);
  expect(again).toEqual({
    exitCode: 0,
    stdout: `${ticket}\tsucceeded\t${file}\n`,
    stderr: expect.stringMatching(`^${ticket}: succeeded .* application/json\n$`),
  });
  expect(JSON.parse(await readFile(join(cwd, file), 'utf8'))).toMatchObject({ bytes: 1 });
});

test('D4: waits for each of several tickets, and reports the unknown one', async () => {
  const { url, api } = await cliService();
  const cwd = await folderWith({ a: 'a', wrong: 'fail' });
  const { stdout } = await coatcheck(['submit', 'a', 'wrong', '--api', url], { cwd });
  const tickets = linesOf(stdout).map((line) => line.split('\t')[0] ?? '');
  await api.deliver();

  const ended = await coatcheck(['wait', ...tickets, 'unknown', '--json', '--api', url]);

  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toContain('error: unknown: The API answered 404');
  const statuses = linesOf(ended.stdout).map((line) => JSON.parse(line).status);
  expect(statuses.toSorted()).toEqual(['failed', 'succeeded']);
  expect(ended.stderr).not.toContain('To wait again');
});

test('submits the other files if one is rejected', async () => {
  const { url } = await cliService();
  const cwd = await folderWith({ a: 'a', empty: '' });

  const { exitCode, stdout, stderr } = await coatcheck(['submit', 'empty', 'a', '--api', url], { cwd });

  expect(exitCode).toBe(1);
  expect(stdout).toMatch(new RegExp(`^${TICKET}\ta\n$`));
  expect(stderr).toMatch(/^error: empty: The API answered 400 payload_empty: .*$/m);
});

test('prints when to retry if the service is overloaded', async () => {
  const served = await cliService();
  served.instead = () =>
    Response.json(
      {
        type: 'about:blank',
        title: 'overloaded',
        status: 503,
        code: 'overloaded',
        detail: 'The wait would be 2 h',
      },
      { status: 503, headers: { 'retry-after': '3600' } },
    );
  const cwd = await folderWith({ a: 'a' });

  expect(await coatcheck(['submit', 'a', '--api', served.url], { cwd })).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'error: a: The API answered 503 overloaded: The wait would be 2 h\n  try again after 1 h\n',
  });
});

test('submits nothing if a file cannot be read', async () => {
  const { url, calls } = await cliService();
  const cwd = await folderWith({ a: 'a' });

  const missing = await coatcheck(['submit', 'a', 'none', '--api', url], { cwd });
  expect(missing).toMatchObject({ exitCode: 1, stdout: '' });
  expect(missing.stderr).toMatch(/^error: Can't read none: ENOENT.*\n$/);
  const folder = await coatcheck(['submit', 'a', '.', '--api', url], { cwd });
  expect(folder.stderr).toBe("error: Can't read .: it is a directory\n");
  expect(calls).toEqual([]);
});

test('shows progress and a table on a terminal', async () => {
  const { url } = await cliService();
  const folder = await folderWith({ 'a.csv': 'a', bad: 'fail' });
  const files = [join(folder, 'a.csv'), join(folder, 'bad')];

  const { exitCode, stdout } = await coatcheckOnTerminal(['submit', ...files, '--wait', '--api', url]);

  expect(exitCode).toBe(3);
  expect(stdout).toContain('\u001b[32m✓ ');
  expect(stdout).toContain('\u001b[31m✗ ');
  expect(stdout).toMatch(/file +ticket +status +outcome/);
  expect(stdout).toMatch(new RegExp(`a\\.csv +${TICKET}  succeeded  \\d+ bytes application/json\n`));
  expect(stdout).toMatch(new RegExp(`bad +${TICKET}  failed     csv_invalid: line 3 has no  \\[31mend\n`));
});

test('respects NO_COLOR', async () => {
  const { url } = await cliService();
  const folder = await folderWith({ a: 'a' });

  const { stdout } = await coatcheckOnTerminal(['submit', join(folder, 'a'), '--api', url], {
    variables: { NO_COLOR: '1' },
  });

  expect(stdout).toMatch(/✓ .*a: 1 byte sent/);
  for (const style of [31, 32, 36, 1]) expect(stdout).not.toContain(`\u001b[${style}m`);
});

describe('an invalid command line prints one line:', () => {
  test.each([
    [['a', '--timeout', '1min'], 'error: --timeout needs --wait'],
    [['a', '-o', 'out'], 'error: --output needs --wait'],
    [['a', 'b', '--idempotency-key', 'k'], 'error: --idempotency-key takes one file, got 2'],
    [['a', 'b', '--id', 'k'], 'error: --id takes one file, got 2'],
    [['-', '-'], 'error: standard input (-) can be read only once'],
    [['a', 'x/a', '--wait', '-o', 'out'], 'error: --output needs files with different names, got a twice'],
    [
      ['a', '--ordering-key', 'ü'],
      "error: option '--ordering-key <key>' argument 'ü' is invalid. It must have 1 to 128 printable ASCII characters without a space at either end, got 1: \"ü\".",
    ],
    [
      ['a', '--metadata', 'customer'],
      "error: option '--metadata <name=value>' argument 'customer' is invalid. It must be a name, = and a value, for example customer=17.",
    ],
    [
      ['a', '--metadata', 'customer=17', '--metadata', 'customer=18'],
      "error: option '--metadata <name=value>' argument 'customer=18' is invalid. A request has one value of customer, and there is another one before.",
    ],
    [
      ['a', '--metadata', 'b c=d'],
      'error: metadata: a name must be a token of letters, digits and -_., got "b c"',
    ],
    [
      ['a', '--in', '1h', '--at', '2126-01-31T12:00:00Z'],
      "error: option '--at <time>' cannot be used with option '--in <time>'",
    ],
    [
      ['a', '--expires-in', '1h', '--expires-at', '2126-01-31T12:00:00Z'],
      "error: option '--expires-at <time>' cannot be used with option '--expires-in <time>'",
    ],
    [
      ['a', '--expires-at', 'tomorrow'],
      "error: option '--expires-at <time>' argument 'tomorrow' is invalid. It must be a time with a zone, like 2026-01-31T12:00:00Z.",
    ],
    [
      ['a', '--api', 'example.com'],
      "error: option '--api <url>' argument 'example.com' is invalid. It must be an http or https URL without a query, like https://example.com.",
    ],
    [['a', '--stack', 'A'], "error: option '--api <url>' cannot be used with option '--stack <name>'"],
    [[], "error: missing required argument 'files'"],
  ])('%j', async (args, message) => {
    const { url } = await cliService();
    const cwd = await folderWith({ a: 'a' });
    expect(await coatcheck(['submit', '--api', url, ...args], { cwd })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `${message}\n`,
    });
  });
});
