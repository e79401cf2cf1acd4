import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join, resolve } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const COATCHECK = resolve('bin/coatcheck.ts');

const PROCESSOR = `
import { processor } from 'coatcheck';
import { answer } from './answer.ts';
export const handler = processor(async (request) => {
  request.logger.info('Working');
  request.logger.warn('Careful');
  console.log('plain text');
  return { answer, text: await request.text() };
});
`;

let folder: string;
let variables: Readonly<Record<string, string>>;
beforeEach(async () => {
  folder = await temporaryFolder();
  variables = {};
  await mkdir(join(folder, 'node_modules'));
  await symlink(resolve('.'), join(folder, 'node_modules', 'coatcheck'), 'junction');
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'processor.ts'), PROCESSOR);
  await writeAnswer(1);
  await writeFile(join(folder, 'payload.txt'), 'some text');
});

function writeAnswer(answer: unknown): Promise<void> {
  return writeFile(join(folder, 'answer.ts'), `export const answer: number = ${answer};\n`);
}

function run(...args: readonly string[]) {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child: ChildProcess = spawn(process.execPath, [COATCHECK, ...args], {
    cwd: folder,
    env: { ...env, ...variables, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const closed = once(child, 'close');
  return { child, text: () => output, end: async () => ({ code: (await closed)[0], output }) };
}

/** Starts `coatcheck dev`. */
async function dev() {
  const service = run('dev', 'processor.ts', '--port', '0');
  await eventually(() => expect(service.text()).toMatch(/Ready at \S+ after .* s/));
  const [, url = '', seconds] = /Ready at (\S+) after (\S+) s/.exec(service.text()) ?? [];
  console.log(`coatcheck dev: ready after ${seconds} s`);
  return { ...service, url };
}

/** The answer of the processor that runs. */
async function answerOf(url: string): Promise<unknown> {
  const headers = { 'content-type': 'text/plain' };
  const submitted = await fetch(`${url}/v1/requests`, { method: 'POST', headers, body: 'x' });
  const { id } = (await submitted.json()) as { id: string };
  return eventually(async () => {
    const result = await fetch(`${url}/v1/requests/${id}/result`, { headers: { prefer: 'wait=20' } });
    const text = await result.text();
    expect([result.status, text]).toEqual([200, expect.anything()]);
    return JSON.parse(text).answer;
  });
}

test('a file is submitted without options; the log names its request; Ctrl-C ends everything', async () => {
  const service = await dev();
  const submitted = await run('submit', 'payload.txt', '--wait', '-o', 'results').end();
  expect(submitted).toMatchObject({ code: 0 });
  expect(submitted.output).toContain(`using the service of coatcheck dev at ${service.url}`);
  const [ticket = ''] = /[0-9a-f-]{36}/.exec(submitted.output) ?? [];
  await eventually(() => {
    expect(service.text()).toMatch(new RegExp(`INFO {3}${ticket} {2}Working`));
    expect(service.text()).toMatch(new RegExp(`WARN {3}${ticket} {2}Careful`));
    expect(service.text()).toContain('plain text');
  });
  const consumed = await run('consume', '--max', '1').end();
  expect(consumed).toMatchObject({ code: 0, output: expect.stringContaining(`"requestId":"${ticket}"`) });
  expect((await run('logs').end()).output).toContain(
    'coatcheck dev runs in this folder, and prints its log in',
  );
  const refused = await run('dev', 'processor.ts', '--port', '0').end();
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.output).toContain(`already runs in this folder, at ${service.url}`);
  service.child.kill('SIGINT');
  expect((await service.end()).code).toBe(0);
  await expect(readFile(join(folder, '.coatcheck', 'running.json'))).rejects.toThrow('ENOENT');
});

test('the service has the limits of COATCHECK_LIMITS, and one that is no limit is refused', async () => {
  variables = { COATCHECK_LIMITS: '[{"key":"topic","concurrency":0}]' };
  const refused = await run('dev', 'processor.ts', '--port', '0').end();
  expect(refused.code).toBe(1);
  expect(refused.output).toContain('COATCHECK_LIMITS[0].concurrency must be a whole number from 1 to');
  variables = { COATCHECK_LIMITS: '[{"key":"topic","maxWaiting":1,"rate":"1/h"}]' };
  const { url } = await dev();
  const submit = (text: string) =>
    fetch(`${url}/v1/requests`, { method: 'POST', headers: { 'coatcheck-topic': 'images' }, body: text });
  // The processor takes the rate's one start, so that the next request waits, and the one after that may not.
  expect((await submit('runs')).status).toBe(202);
  const limitOf = async () => (await fetch(`${url}/v1/limits/topic?value=images`)).json();
  await eventually(async () => expect(await limitOf()).toMatchObject({ waiting: 0, maxWaiting: 1 }));
  expect((await submit('waits')).status).toBe(202);
  expect((await submit('is refused')).status).toBe(429);
});

test('records keep the metadata that COATCHECK_RECORD_METADATA names', async () => {
  variables = { COATCHECK_RECORD_METADATA: 'customer' };
  const { url } = await dev();
  const headers = { 'coatcheck-metadata-customer': 'acme', 'coatcheck-metadata-order': '17' };
  const submitted = await fetch(`${url}/v1/requests`, { method: 'POST', headers, body: 'hello' });
  const { id } = JSON.parse(await submitted.text());
  const listed = await fetch(`${url}/v1/requests?metadata.customer=acme`);
  expect(await listed.json()).toMatchObject({ requests: [{ id, metadata: { customer: 'acme' } }] });
  expect((await fetch(`${url}/v1/requests?metadata.order=17`)).status).toBe(400);
});

test('a change of an import is loaded; a syntax error is shown and changes nothing', async () => {
  const { url, text } = await dev();
  expect(await answerOf(url)).toBe(1);
  await writeAnswer(2);
  await eventually(() => expect(text()).toContain('the new processor is ready'));
  expect(await answerOf(url)).toBe(2);
  await writeAnswer('= oops');
  await eventually(() => expect(text()).toContain('The one before runs on until a file changes'));
  expect(text()).toMatch(/answer\.ts|oops/);
  expect(await answerOf(url)).toBe(2);
  await writeAnswer(3);
  await eventually(async () => expect(await answerOf(url)).toBe(3));
});

test('a processor that can’t be loaded at first is waited for, and its requests too', async () => {
  await writeAnswer('= oops');
  const { url, text } = await dev();
  expect(text()).toContain('Requests wait until a file changes');
  const answer = answerOf(url);
  await writeAnswer(4);
  expect(await answer).toBe(4);
});

test('after kill -9, the next one runs what was submitted', async () => {
  await writeAnswer('= oops');
  const first = await dev();
  const headers = { 'content-type': 'text/plain' };
  const submitted = await fetch(`${first.url}/v1/requests`, { method: 'POST', headers, body: 'x' });
  const { id } = (await submitted.json()) as { id: string };
  first.child.kill('SIGKILL');
  await first.end();
  await writeAnswer(5);
  const second = await dev();
  await eventually(async () => {
    const result = await fetch(`${second.url}/v1/requests/${id}/result`);
    expect(await result.json()).toMatchObject({ answer: 5 });
  });
});

test('other sites can’t reach the API', async () => {
  const { url } = await dev();
  const status = (headers: Record<string, string>) =>
    new Promise((resolve, reject) => {
      const call = request(`${url}/v1/status`, { headers }, (answer) => resolve(answer.resume().statusCode));
      call.on('error', reject).end();
    });
  expect(await status({})).toBe(200);
  expect(await status({ origin: 'http://localhost:3000' })).toBe(200);
  expect(await status({ origin: 'https://example.com' })).toBe(403);
  expect(await status({ host: 'example.com' })).toBe(403);
});

test.each([
  ['no such file', ['nowhere.ts'], 'There is no processor at nowhere.ts'],
  ['a port that isn’t one', ['processor.ts', '--port', '99999'], 'It must be a port from 0 to 65535'],
])('%s: an error says so', async (_, args, message) => {
  const { code, output } = await run('dev', ...args).end();
  expect(code).not.toBe(0);
  expect(output).toContain(message);
});
