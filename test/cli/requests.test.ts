import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import { beforeEach, expect, test } from 'vitest';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { begin, cliService } from '../support/cli-service.ts';
import { bytesOf, coatcheck, coatcheckOnTerminal, startCoatcheck } from '../support/coatcheck.ts';
import { sentWebhooks } from '../support/sent-webhooks.ts';
import type { ServedApi } from '../support/served-api.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let served: ServedApi;
let api: string[];

beforeEach(async () => {
  served = await cliService();
  api = ['--api', served.url];
});

/** Submits a payload. @returns its ticket */
async function ticketFor(body: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const response = await served.api.call('POST', '/v1/requests', { body, headers });
  const { id }: { readonly id: string } = JSON.parse(await response.text());
  return id;
}

/** Requests by final status, one of each. */
async function oneOfEach() {
  const expired = await ticketFor('a', { 'Coatcheck-Expires-At': '2026-01-31T12:00:01Z' });
  served.api.harness.clock.advanceSeconds(2);
  const [succeeded, failed, cancelled] = [
    await ticketFor('text'),
    await ticketFor('fail'),
    await ticketFor('a'),
  ];
  await served.api.call('POST', `/v1/requests/${cancelled}/cancel`);
  await served.api.deliver();
  served.api.harness.clock.advanceSeconds(1);
  return { succeeded, failed, cancelled, expired, queued: await ticketFor('a') };
}

test('the exit codes of status and result show how a request ended', async () => {
  const tickets = await oneOfEach();
  const codes: Record<string, unknown> = {};
  for (const [how, id] of Object.entries(tickets)) {
    const status = await coatcheck(['status', id, ...api]);
    const result = await coatcheck(['result', id, ...api]);
    expect(status.stdout).toMatch(new RegExp(`^${id}\t${how}\t2026-01-31T12:00:0\\d\\.000Z\t\\d\t\t.*\n$`));
    expect(status.stderr).toBe('');
    codes[how] = [status.exitCode, result.exitCode];
    if (how === 'succeeded') expect(result.stdout).toBe('text');
    else expect(result.stderr).toMatch(/^error: [^\n]+\n(?: {2}[^\n]+\n)?$/);
  }
  expect(codes).toEqual({
    succeeded: [0, 0],
    failed: [3, 3],
    cancelled: [4, 4],
    expired: [5, 5],
    queued: [6, 6],
  });
});

test('prints every request, and exits with the worst code', async () => {
  const { succeeded, failed, queued } = await oneOfEach();

  const known = await coatcheck(['status', queued, failed, succeeded, ...api]);
  expect(known.exitCode).toBe(3);
  expect(known.stdout.split('\n').map((line) => line.split('\t')[0])).toEqual([
    queued,
    failed,
    succeeded,
    '',
  ]);

  const unknown = await coatcheck(['status', 'none', failed, ...api]);
  expect(unknown.exitCode).toBe(1);
  expect(unknown.stdout).toMatch(
    new RegExp(`^${failed}\tfailed\t.*\tcsv_invalid: line 3 has no  \\[31mend\n$`),
  );
  expect(unknown.stderr).toMatch(/^error: none: The API answered 404 request_unknown: .*\n$/);
});

test('--json prints the resources of the API, one per line', async () => {
  const { failed, succeeded } = await oneOfEach();

  const { stdout } = await coatcheck(['status', failed, succeeded, '--json', ...api]);

  const lines = stdout.trimEnd().split('\n');
  const asked = [failed, succeeded].map((id) => served.api.call('GET', `/v1/requests/${id}`));
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    await Promise.all(asked.map(async (answer) => (await answer).json())),
  );
});

test('--source finds a request of another issuer', async () => {
  const id = await ticketFor('a');
  const { exitCode } = await coatcheck(['status', id, '--source', '/shop a', ...api]);
  expect(exitCode).toBe(1);
  expect(served.calls.at(-1)?.path).toBe(`/v1/requests/${id}?source=%2Fshop%20a`);
});

test('writes a result unchanged', async () => {
  const content = 'byte\u0000\u0001\r\n';
  const id = await ticketFor(content);
  await served.api.deliver();
  const cwd = await temporaryFolder();

  expect((await bytesOf(['result', id, ...api])).stdout).toEqual(Buffer.from(content));

  const written = await coatcheck(['result', id, '-o', 'a.bin', ...api], { cwd });
  expect(written).toEqual({ exitCode: 0, stdout: '', stderr: 'a.bin: 8 bytes application/octet-stream\n' });
  expect(await readFile(join(cwd, 'a.bin'), 'utf8')).toBe(content);

  const described = await coatcheck(['result', id, '-o', 'a.bin', '--json', ...api], { cwd });
  expect(JSON.parse(described.stdout)).toEqual({
    id,
    file: 'a.bin',
    contentType: 'application/octet-stream',
    size: 8,
  });
});

test('downloads a result from the store', async () => {
  const large = `text${'x'.repeat(1_000_000)}`;
  const id = await ticketFor(large);
  await served.api.deliver();

  expect((await coatcheck(['result', id, ...api])).stdout).toBe(large);
});

test('prints the payload of a request, or writes it to a file', async () => {
  const large = `text${'x'.repeat(1_000_000)}`;
  const id = await ticketFor(large);
  const waiting = await coatcheck(['payload', id, ...api]);
  expect(waiting.exitCode).toBe(1);
  expect(waiting.stderr).toContain('which the queue gives to processors only');
  await served.api.deliver();
  expect((await coatcheck(['payload', id, ...api])).stdout).toBe(large);
  const file = join(await temporaryFolder(), 'payload.txt');
  const saved = await coatcheck(['payload', id, '-o', file, '--json', ...api]);
  expect(JSON.parse(saved.stdout)).toMatchObject({ id, file, size: large.length });
  expect(await readFile(file, 'utf8')).toBe(large);
});

test('--tenant is for operators', async () => {
  const response = await served.api.call('POST', '/v1/requests', { body: 'hello', tenant: 'acme' });
  const { id }: { readonly id: string } = JSON.parse(await response.text());
  const named = ['--tenant', 'acme', ...api];
  expect((await coatcheck(['status', id, ...api])).stderr).toContain('request_unknown');
  expect((await coatcheck(['status', id, ...named])).stdout).toMatch(`${id}\tqueued`);
  expect((await coatcheck(['result', id, ...named])).exitCode).toBe(6);
  expect((await coatcheck(['payload', id, ...named])).stderr).toContain('gives to processors only');
  expect((await coatcheck(['cancel', id, ...named])).stdout).toMatch(`${id}\tcancelled`);
});

test('leaves no file if a download breaks off', async () => {
  const id = await ticketFor('text');
  await served.api.deliver();
  served.instead = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.error(new Error('gone')),
      }),
    );
  const cwd = await temporaryFolder();

  const { exitCode, stderr } = await coatcheck(['result', id, '-o', 'a', ...api], { cwd });

  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^error: The result of .* couldn't be written to a: terminated/);
  expect(await readdir(cwd)).toEqual([]);
});

test('prints only text on a terminal', async () => {
  const [readable, bytes] = [await ticketFor('text\n'), await ticketFor('byte')];
  await served.api.deliver();

  expect(await coatcheckOnTerminal(['result', readable, ...api])).toEqual({ exitCode: 0, stdout: 'text\n' });

  const { exitCode, stdout } = await coatcheckOnTerminal(['result', bytes, ...api]);
  expect(exitCode).toBe(1);
  expect(stdout).toContain(
    "error: The result is application/octet-stream, which a terminal can't display; write it to a file (-o result.bin) or to a pipe",
  );
  expect(stdout).not.toContain('byte\n');
});

test('removes control characters on a terminal, but not in a pipe', async () => {
  const body = 'text\u001b[2J\u009b2Jü\u202e\n';
  const id = await ticketFor(body);
  await served.api.deliver();

  expect(await coatcheckOnTerminal(['result', id, ...api])).toEqual({
    exitCode: 0,
    stdout: 'text [2J 2Jü \n',
  });
  expect((await coatcheck(['result', id, ...api])).stdout).toBe(body);
});

test('cancels a request unless it has ended', async () => {
  const { queued, succeeded } = await oneOfEach();

  const { exitCode, stdout, stderr } = await coatcheck(['cancel', queued, succeeded, ...api]);

  expect(exitCode).toBe(1);
  expect(stdout).toMatch(new RegExp(`^${queued}\tcancelled\t.*\n$`));
  expect(stderr).toMatch(new RegExp(`^error: ${succeeded}: The API answered 409 request_finished: .*\n$`));
  expect((await coatcheck(['cancel', queued, ...api])).exitCode).toBe(0);
});

test('lists the newest requests', async () => {
  const { failed, queued, cancelled } = await oneOfEach();
  served.api.harness.clock.advanceSeconds(1);
  for (let i = 0; i < 20; i++) await ticketFor('a');
  const ids = (stdout: string) =>
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t')[0]);

  const usual = ids((await coatcheck(['list', ...api])).stdout);
  expect(usual).toHaveLength(20);
  expect(usual).not.toContain(queued);
  expect(ids((await coatcheck(['list', '--limit', '21', ...api])).stdout).at(-1)).toBe(queued);
  expect(ids((await coatcheck(['list', '--all', ...api])).stdout)).toHaveLength(25);
  expect(ids((await coatcheck(['list', '--status', 'failed', ...api])).stdout)).toEqual([failed]);
  const [line = ''] = (await coatcheck(['list', '--status', 'cancelled', '--json', ...api])).stdout.split(
    '\n',
  );
  expect(JSON.parse(line)).toMatchObject({ id: cancelled, status: 'cancelled' });
});

test('exits silently when its output is closed', async () => {
  const { succeeded } = await oneOfEach();
  const child = startCoatcheck(['status', succeeded, ...api]);
  child.stdout?.destroy();
  const stderr = child.stderr ? text(child.stderr) : '';

  expect(await once(child, 'close')).toEqual([141, null]);
  expect(await stderr).toBe('');
});

test('prints a table on a terminal', async () => {
  const { failed, queued } = await oneOfEach();

  const { stdout } = await coatcheckOnTerminal(['list', '--limit', '4', ...api]);

  expect(stdout).toMatch(/ticket +status +created +attempts +progress +outcome/);
  expect(stdout).toMatch(new RegExp(`^${queued}  queued     \\S.* ago +0$`, 'm'));
  expect(stdout).toMatch(new RegExp(`^${failed}  failed .* 1 +csv_invalid$`, 'm'));
  expect(stdout).toContain('There may be more; list them with --limit N or --all.');
});

test('prints the progress of a request', async () => {
  const id = await ticketFor('a');
  await begin(served, id, { fraction: 0.529, note: 'reading\trows' });

  const { stdout } = await coatcheck(['status', id, ...api]);

  expect(stdout.split('\t').slice(3, 5)).toEqual(['1', '52% reading rows']);
});

test('prints the state of a webhook', async () => {
  const [notified, other] = [await ticketFor('text'), await ticketFor('text')];
  await served.api.deliver();
  const request = { id: notified, source: '' };
  const endedAt = (await served.api.records.find(request))?.outcome?.endedAt ?? Number.NaN;
  const state = { status: 'failing', reason: 'the receiver\tsays 500', attempts: 2 } as const;
  served.api.harness.records.noteWebhook(request, () => ({ ...state, endedAt, at: endedAt }));

  const { stdout } = await coatcheck(['status', notified, other, ...api]);

  const [first, second] = stdout.split('\n').map((line) => line.split('\t'));
  expect(first?.slice(6)).toEqual(['failing after 2: the receiver says 500']);
  expect(second?.slice(6)).toEqual([]);
});

test('prints the version of the code that took a request, in a column only if there is one', async () => {
  served = await cliService(undefined, { handlerVersion: '42' });
  api = ['--api', served.url];
  const ran = await ticketFor('text');
  await served.api.deliver();
  const queued = await ticketFor('text');

  const { stdout } = await coatcheck(['status', ran, queued, ...api]);
  const [first, second] = stdout.split('\n').map((line) => line.split('\t'));
  expect(first?.slice(6)).toEqual(['', '42']);
  expect(second?.slice(6)).toEqual([]);

  const { stdout: colored } = await coatcheckOnTerminal(['status', ran, queued, ...api]);
  const table = stripVTControlCharacters(colored);
  expect(table).toMatch(/outcome +version$/m);
  expect(table).toMatch(new RegExp(`^${ran}  succeeded .* 42$`, 'm'));
  expect((await coatcheckOnTerminal(['status', queued, ...api])).stdout).not.toContain('version');
});

test('a terminal shows the attempts of a request', async () => {
  const [failed, succeeded] = [await ticketFor('fail'), await ticketFor('text')];
  await served.api.deliver();
  const other = await ticketFor('text');
  const table = async (...ids: readonly string[]) =>
    stripVTControlCharacters(
      (await coatcheckOnTerminal(['status', ...ids, ...api], { columns: 200 })).stdout,
    );
  expect(await table(failed)).toMatch(
    /^attempt +started +took +version +end\n1 +2026-01-31T12:00:00.000Z +0 s +csv_invalid: line 3 has no .*end$/m,
  );
  expect(await table(succeeded)).toMatch(/^1 +2026\S+Z +0 s +no error$/m);
  expect(await table(other)).not.toContain('took');
  const both = await table(failed, other, succeeded);
  expect(both.match(/^\S+(?=:$)|(?<=^1 .* 0 s +)\S.*$/gm)).toEqual([
    failed,
    'csv_invalid: line 3 has no  [31mend',
    succeeded,
    'no error',
  ]);
  expect((await coatcheck(['status', failed, ...api])).stdout).not.toContain('took');
});

test('lists requests by their metadata and by the state of their webhooks', async () => {
  served = await cliService(undefined, {
    recordMetadata: ['customer', 'order'],
    callbacks: 'public',
    webhookDefaultUrl: 'https://example.com/hook',
  });
  api = ['--api', served.url];
  const submit = (customer: string) =>
    ticketFor('text', { 'coatcheck-metadata-customer': customer, 'coatcheck-metadata-order': '17' });
  const [acme, other] = [await submit('acme'), await submit('other')];
  const ticketsBy = async (...options: readonly string[]) => {
    const { stdout, exitCode } = await coatcheck(['list', ...options, ...api]);
    expect(exitCode).toBe(0);
    return stdout.split('\n').flatMap((line) => line.split('\t')[0] || []);
  };
  expect(await ticketsBy('--metadata', 'customer=acme', '--metadata', 'order=17')).toEqual([acme]);
  expect(await ticketsBy('--metadata', 'customer=acme', '--metadata', 'order=18')).toEqual([]);
  expect(await ticketsBy('--webhook', 'pending')).toEqual([]);
  await served.api.deliver();
  expect((await ticketsBy('--webhook', 'pending')).toSorted()).toEqual([acme, other].toSorted());
  expect(await ticketsBy('--webhook', 'dead_lettered')).toEqual([]);
  const refused = await coatcheck(['list', '--metadata', 'region=eu', ...api]);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain('the declared keys are metadata.customer, metadata.order');
  expect((await coatcheck(['list', '--webhook', 'failed', ...api])).stderr).toContain('dead_lettered');
});

test('replays webhooks of ended requests', async () => {
  const webhooks = { callbacks: 'public', webhookDefaultUrl: 'https://example.com/hook' } as const;
  served = await cliService(undefined, webhooks);
  const ended = await ticketFor('text');
  await served.api.deliver();
  const queued = await ticketFor('text');

  const { exitCode, stdout, stderr } = await coatcheck([
    'webhooks',
    'replay',
    ended,
    queued,
    '--api',
    served.url,
  ]);

  expect(exitCode).toBe(1);
  expect(stdout.split('\t').at(-1)).toBe('pending\n');
  expect(stderr).toContain(`${queued} has not ended`);
  const bodies = sentWebhooks(served.api.webhookQueue).map(({ body }) => JSON.parse(body));
  expect(bodies).toMatchObject([{ data: { id: ended } }]);
});

test('replays the webhook of a request of a tenant', async () => {
  const webhooks = { callbacks: 'public', webhookDefaultUrl: 'https://example.com/hook' } as const;
  served = await cliService(undefined, webhooks);
  const submitted = await served.api.call('POST', '/v1/requests', { body: 'hello', tenant: 'acme' });
  const { id }: { id: string } = JSON.parse(await submitted.text());
  await served.api.deliver();
  const named = ['--tenant', 'acme', '--api', served.url];
  expect((await coatcheck(['webhooks', 'replay', id, ...named])).exitCode).toBe(0);
  expect(sentWebhooks(served.api.webhookQueue)).toHaveLength(1);
  expect(await coatcheck(['webhooks', 'replay', '--yes', ...named])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--tenant needs tickets'),
  });
});

test('D6: reports rejected credentials and what to do', async () => {
  served.instead = () => Response.json({ message: 'Forbidden' }, { status: 403 });

  const refused = { exitCode: 1, stdout: '', stderr: '' };
  const said = 'error: The API answered 403 http_403: Forbidden\n  credentials sent:';
  const sentences = [
    `${said} no token\n`,
    '  the API needs a token: pass one in COATCHECK_TOKEN or by --token: a key of coatcheck serve (COATCHECK_API_KEYS there), or a token of the issuer of an API on AWS\n',
  ];
  expect(await coatcheck(['status', 'a', 'b', ...api])).toEqual({ ...refused, stderr: sentences.join('') });
  expect(await coatcheck(['list', '--token', 'T', ...api])).toEqual({
    ...refused,
    stderr: `${said} a token\n  check that the token has the scopes and the tenant claim that the API requires\n`,
  });
});

test('sends the token with every call', async () => {
  await coatcheck(['list', '--token', 'T1', ...api]);
  await coatcheck(['list', ...api], { variables: { COATCHECK_TOKEN: 'T2' } });
  await coatcheck(['list', ...api]);

  const sent = served.calls.map(({ headers }) => headers.get('authorization'));
  expect(sent).toEqual([
    'Bearer T1',
    'Bearer T2',
    expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=test\//),
  ]);
});

test('--json needs --output for a result', async () => {
  const { exitCode, stderr } = await coatcheck(['result', 'a', '--json', ...api]);
  expect(exitCode).toBe(2);
  expect(stderr).toBe('error: --json needs --output, because without it the result itself is printed\n');
});

test.each([80, 60])(
  'D9: a status fits into a terminal of %d columns, with its errors in full, and a pipe gets it whole',
  async (columns) => {
    const detail = `line 3 ${'has a quoted field that is never closed, '.repeat(4)}at the end`;
    const fail = () => {
      throw new PermanentError(detail, { code: 'csv_invalid' });
    };
    served = await cliService(async (request) => ((await request.text()) === 'fail' ? fail() : 'done'));
    api = ['--api', served.url];
    const ids = [await ticketFor('fail'), await ticketFor('text')];
    await served.api.deliver();
    const endedAt = Date.parse('2026-01-31T12:00:00Z');
    served.api.harness.records.noteWebhook({ id: ids[1] ?? '', source: '' }, () => ({
      ...{ status: 'failing', reason: 'the receiver answered 500', attempts: 2 },
      ...{ endedAt, at: endedAt },
    }));

    const { stdout } = await coatcheckOnTerminal(['status', ...ids, ...api], { columns });
    const lines = stripVTControlCharacters(stdout).split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    const [header = '', first = ''] = lines;
    expect(/ \d+ d ago /.test(first)).toBe(header.includes('created'));
    const words = lines.join(' ').replaceAll(/ +/g, ' ');
    expect(words).toContain(`${ids[0]}: csv_invalid: ${detail}`);
    expect(words).toContain(`${ids[1]}: webhook failing after 2: the receiver answered 500`);
    expect(words).toMatch(new RegExp(`Z 0 s csv_invalid: ${detail}`));

    const { stdout: piped } = await coatcheck(['status', ...ids, ...api]);
    expect(piped).toContain(`csv_invalid: ${detail}`);
    expect(piped).not.toContain('…');
  },
);

test('a scheduled request is listed with its time', async () => {
  const notBefore = '2026-02-28T12:00:00Z';
  const id = await ticketFor('a', { 'Coatcheck-Not-Before': notBefore });
  await ticketFor('b');
  const { stdout } = await coatcheck(['list', '--status', 'scheduled', ...api]);
  expect(stdout).toBe(`${id}\tscheduled\t2026-01-31T12:00:00.000Z\t0\tat 2026-02-28T12:00:00.000Z\t\n`);
});
