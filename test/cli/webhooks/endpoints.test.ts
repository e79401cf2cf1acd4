import { stripVTControlCharacters } from 'node:util';
import { beforeEach, expect, test } from 'vitest';
import { cliService } from '../../support/cli-service.ts';
import { coatcheck, coatcheckOnTerminal } from '../../support/coatcheck.ts';
import { sentWebhooks } from '../../support/sent-webhooks.ts';
import type { ServedApi } from '../../support/served-api.ts';

const URL = 'https://example.com/hook';

let served: ServedApi;
let api: string[];
beforeEach(async () => {
  served = await cliService(undefined, { callbacks: 'public' });
  api = ['--api', served.url];
});

function endpoints(...line: readonly string[]) {
  return coatcheck(['webhooks', 'endpoints', ...line, ...api]);
}

/** Adds an endpoint. @returns the cells of its row */
async function add(...options: readonly string[]) {
  const { stdout } = await endpoints('add', URL, ...options);
  const [id = '', ...cells] = stdout.trimEnd().split('\t');
  return { id, cells };
}

test('an endpoint is added, shown, changed and removed', async () => {
  const options = ['--event', 'failed', 'expired', '--topic', 'images.*', '--description', 'of images'];
  const { id, cells } = await add(...options);
  expect(cells).toEqual([
    'enabled',
    URL,
    'failed expired',
    'images.*',
    '',
    expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
  ]);
  expect((await endpoints('show', id, '--secret')).stdout).toBe(`${cells.at(-1)}\n`);
  const { stdout: json } = await endpoints('show', id, '--json');
  expect(JSON.parse(json)).toMatchObject({ id, description: 'of images', topics: ['images.*'] });
  expect((await endpoints('list')).stdout).toBe(`${[id, ...cells.slice(0, -1)].join('\t')}\n`);

  const { stdout: updated } = await endpoints('update', id, '--disable', '--event', 'succeeded');
  expect(updated).toBe(`${[id, 'disabled', URL, 'succeeded', 'images.*', ''].join('\t')}\n`);
  expect((await endpoints('update', id, '--enable')).stdout).toContain('enabled');

  expect(await endpoints('remove', id)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(await endpoints('list')).toEqual({ exitCode: 0, stdout: '', stderr: 'no webhook endpoints\n' });
});

test('on a terminal, an endpoint is a table, and its secret a line', async () => {
  const line = ['webhooks', 'endpoints', 'add', URL, ...api];
  const { stdout } = await coatcheckOnTerminal(line, { columns: 150 });
  expect(stripVTControlCharacters(stdout)).toMatch(
    /^endpoint +status +url .*\n\S+ +enabled +https.*\nsecret: whsec_/,
  );
});

test('a secret is rotated', async () => {
  const { id, cells } = await add();
  const { stdout } = await endpoints('rotate', id, '--grace', '7d', '--json');
  const rotated = JSON.parse(stdout);
  expect(rotated.secret).not.toBe(cells.at(-1));
  expect(rotated).toHaveProperty('previousSecretUntil');
  const again = await endpoints('rotate', id);
  expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('rotation_unfinished') });
  expect((await endpoints('rotate', id, '--grace', '0s')).exitCode).toBe(0);
});

test('a test is sent, and outcomes are replayed page by page', async () => {
  const { id } = await add();
  const { stdout } = await endpoints('test', id);
  expect(sentWebhooks(served.api.webhookQueue).map((webhook) => `${webhook.id}\n`)).toEqual([stdout]);
  for (let number = 0; number < 120; number++) {
    await served.api.call('POST', '/v1/requests', { body: 'text' });
  }
  await served.api.deliver();
  const replay = ['replay', id, '--since', '2026-01-01T00:00:00Z', '--json'];
  const counted = await endpoints(...replay, '--dry-run');
  expect(JSON.parse(counted.stdout)).toEqual({ sent: 120, examined: 120 });
  expect(sentWebhooks(served.api.webhookQueue)).toHaveLength(1);
  const replayed = await endpoints(...replay);
  expect(JSON.parse(replayed.stdout)).toEqual({ sent: 120, examined: 120 });
  expect(sentWebhooks(served.api.webhookQueue)).toHaveLength(121);
});

test.each([
  [['add', 'http://example.com/'], 1, 'url: a callback URL must be https, got "http://example.com"'],
  [['add', URL, '--topic', 'a.*.b'], 1, 'topics: each must be a topic'],
  [['add', URL, '--event', 'done'], 2, 'Allowed choices are succeeded, failed, cancelled, expired, progress'],
  [['show', 'unknown'], 1, "The webhook endpoint unknown doesn't exist"],
  [['rotate', 'x', '--grace', '1.5s'], 2, 'It must be a time in whole seconds, for example 7d, 12h or 0s.'],
  [['replay', 'x'], 2, "required option '--since <time>' not specified"],
  [['update', 'x', '--enable', '--disable'], 2, "'--disable' cannot be used with option '--enable'"],
])('%j is refused', async (line, exitCode, message) => {
  expect(await endpoints(...line)).toMatchObject({ exitCode, stderr: expect.stringContaining(message) });
});
