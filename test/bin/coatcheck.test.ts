import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { run } from '../../lib/local/run.ts';
import { coatcheck } from '../support/coatcheck.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ESCAPE = '\u001b';
const USUAL = ['--rate', '200/s', '--service-time', '1.2s', '--payload', '300KB'];

const plan = (...args: readonly string[]) => coatcheck(['plan', ...args]);

test('prints a plan with sizes and costs', async () => {
  const { exitCode, stdout, stderr } = await plan(...USUAL, '--memory', '512');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/requests at a time +240 /);
  expect(stdout).toMatch(/batches at a time +24 /);
  expect(stdout).toMatch(/total +\$14\.55 +\$7\.97/);
  expect(stdout).toContain('It fits.');
  expect(stderr).toBe('');
  expect(stdout).not.toContain('Surge');
});

test('prints plain text in a pipe, even for a chart, unless colour is forced', async () => {
  const args = ['plan', ...USUAL, '--surge-requests', '100M'];
  const { stdout } = await coatcheck(args);
  expect(stdout).toContain('█');
  expect(stdout).not.toContain(ESCAPE);
  expect((await coatcheck(args, { variables: { FORCE_COLOR: '1' } })).stdout).toContain(ESCAPE);
});

test('--json prints JSON only', async () => {
  const { stdout } = await plan(...USUAL, '--surge', '10x', '--surge-time', '30min', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    workload: { ratePerSecond: 200, serviceSeconds: 1.2, payloadBytes: 300_000, keptDays: 20 },
    settings: { batchSize: 10, batchWindowSeconds: 0, timeoutSeconds: 60 },
    steady: { requestsAtOnce: 240, batchesAtOnce: 24 },
    surge: { extraRequests: 3_240_000, seconds: 1_800 },
    dollarsAMillion: { s3: { s3Put: 5 }, inlineIsCheaperUpToBytes: 1_048_576 },
  });
});

test('--svg draws the surge', async () => {
  const file = join(await temporaryFolder(), 'surge.svg');
  expect(await plan(...USUAL, '--surge-requests', '1M', '--svg', file)).toMatchObject({
    exitCode: 0,
    stderr: '',
  });
  expect(await readFile(file, 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
});

test('reports what does not fit, and exits with 0', async () => {
  const { exitCode, stdout } = await plan(...USUAL, '--batch-size', '10', '--max-concurrency', '20');
  expect(exitCode).toBe(0);
  expect(stdout).toContain(
    'problem: The workload needs 24 concurrent batches, but at most 20 can run (maximum concurrency)',
  );
  expect(stdout).not.toContain('It fits.');
});

describe('an invalid command line prints one line:', () => {
  test.each([
    [
      ['--rate', '200'],
      "error: option '--rate <rate>' argument '200' is invalid. It must be a rate: a number, then /s, /min, /h or /d, for example 200/s or 1.5k/min.",
    ],
    [
      ['--memory', '64'],
      "error: option '--memory <MiB>' argument '64' is invalid. It must be a whole number of MiB from 128 to 10240, got 64.",
    ],
    [
      ['--batch-size', 'ten'],
      `error: option '--batch-size <n>' argument 'ten' is invalid. It must be a whole number of messages from 1 to 10000, got "ten".`,
    ],
    [
      [...USUAL, '--surge', '10x'],
      'error: --surge needs --surge-time, the duration of the surge, for example 30min',
    ],
    [[...USUAL, '--svg', 'a.svg'], 'error: --svg needs a surge: --surge 10x or --surge-requests 100M'],
    [
      [...USUAL, '--surge', '10x', '--surge-requests', '5'],
      "error: option '--surge-requests <n>' cannot be used with option '--surge <factor>'",
    ],
    [['--rate', '1/s', '--payload', '1KB'], "error: required option '--service-time <time>' not specified"],
    [[...USUAL, '--retries', '3'], "error: unknown option '--retries'"],
    [[...USUAL, 'now'], "error: too many arguments for 'plan'. Expected 0 arguments but got 1: now."],
  ])('%j', async (args, message) => {
    expect(await plan(...args)).toEqual({ exitCode: 2, stdout: '', stderr: `${message}\n` });
  });

  test('an unknown command', async () => {
    const { exitCode, stdout, stderr } = await coatcheck(['paln']);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe("error: unknown command 'paln'\n(Did you mean plan?)\n");
  });
});

test('reports a file that can not be written without a stack', async () => {
  const file = join(await temporaryFolder(), 'none', 'surge.svg');
  const { exitCode, stdout, stderr } = await plan(...USUAL, '--surge-requests', '1M', '--svg', file);
  expect(exitCode).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain(`Can't write the --svg file ${file}: ENOENT`);
  expect(stderr).not.toMatch(/^ +at /m);
});

test('--help lists the options', async () => {
  const help = await plan('--help');
  expect(help.exitCode).toBe(0);
  for (const option of ['--rate', '--surge-requests', '--json', 'Examples:']) {
    expect(help.stdout).toContain(option);
  }
  expect((await coatcheck(['--help'])).stdout).toContain('plan [options]');
});

test('npx runs it on the Node of the project, in every folder', async () => {
  const env = { ...process.env, npm_config_cache: await temporaryFolder() };
  const { succeeded, output } = await run('npx', ['coatcheck', 'plan', ...USUAL], {
    cwd: join(PROJECT_FOLDER, 'docs'),
    env,
  });
  expect(output).toContain('It fits.');
  expect(succeeded).toBe(true);
});
