import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { CoatcheckClient } from 'coatcheck/client';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { SqliteFile } from '../../../lib/stores/sqlite/sqlite-file.ts';
import { eventually } from '../../support/eventually.ts';
import { DOUBLING_PROCESSOR, ENDLESS_PROCESSOR, WorkerProcess } from '../../support/worker-process.ts';
import { callOf, httpReceiver, type ReceivedCall } from '../../webhooks/receiver.ts';

const KEY = 'k'.repeat(32);
const OTHER_KEY = 'o'.repeat(32);

let folder: string;
const services: WorkerProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-serve-'));
});
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.kill()));
  await rm(folder, { recursive: true, force: true });
});

function run(args: readonly string[], variables: Readonly<Record<string, string>> = {}): WorkerProcess {
  const service = new WorkerProcess(folder, args, { COATCHECK_PORT: '0', ...variables }, 'serve');
  services.push(service);
  return service;
}

/** Starts `coatcheck serve` in the folder. */
async function serve(args: readonly string[] = [], variables: Readonly<Record<string, string>> = {}) {
  const service = run(args, variables);
  const statusUrl = await service.started();
  const url = service.apiUrl;
  return { service, statusUrl, url, client: new CoatcheckClient({ baseUrl: url }) };
}

/** Runs another command in the folder. */
function coatcheck(...args: readonly string[]) {
  return coatcheckWith({}, ...args);
}

async function coatcheckWith(variables: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const command = [resolve('bin/coatcheck.ts'), ...args];
  const env = { PATH: process.env.PATH, NO_COLOR: '1', ...variables };
  return promisify(execFile)(process.execPath, command, { cwd: folder, env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error) => ({ code: error.code, stdout: String(error.stdout), stderr: String(error.stderr) }),
  );
}

async function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const init = { 'content-type': 'application/json', ...headers };
  const answer = await fetch(url, { method: 'POST', headers: init, body: JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, body: text && JSON.parse(text) };
}

test('with a processor, requests are handled; state and figures are served; SIGTERM ends it', async () => {
  const { service, statusUrl, client } = await serve([DOUBLING_PROCESSOR]);
  const [{ file } = {}] = service.logged('Service started');
  await access(String(file));
  const { id } = await client.submit('{"number":4}', { contentType: 'application/json' });
  expect(await client.wait(id)).toMatchObject({ status: 'succeeded' });
  expect(await (await client.result(id)).json()).toEqual({ double: 8 });
  expect((await fetch(`${statusUrl}/health`)).status).toBe(200);
  expect(await (await fetch(`${statusUrl}/ready`)).text()).toBe('ready\n');
  await eventually(async () => {
    const figures = await (await fetch(`${statusUrl}/metrics`)).text();
    expect(figures).toContain('coatcheck_outcomes_total{status="succeeded",service="coatcheck"} 1');
  });
  expect((await post(`${service.apiUrl}/v1/jobs/receive`, {})).status).toBe(404);
  service.child.kill('SIGTERM');
  expect(await service.exit()).toBe(0);
  expect(service.logged('Service stopped')).toHaveLength(1);
});

test('SIGTERM ends it although a handler ignores its signal and runs on', async () => {
  const { service, client } = await serve([ENDLESS_PROCESSOR], { COATCHECK_GRACE_SECONDS: '1' });
  const { id } = await client.submit('x');
  await eventually(async () => expect(await client.status(id)).toMatchObject({ status: 'running' }));
  service.child.kill('SIGTERM');
  expect(await service.exit()).toBe(0);
  expect(service.logged('Service stopped')).toHaveLength(1);
});

test('without an output, outcomes are recorded and not queued', async () => {
  const { client } = await serve([DOUBLING_PROCESSOR], { COATCHECK_OUTPUT: 'none' });
  const { id } = await client.submit('{"number":4}', { contentType: 'application/json' });
  expect(await client.wait(id)).toMatchObject({ status: 'succeeded' });
  await using file = await SqliteFile.open(join(folder, '.coatcheck', 'service.db'));
  // The message of the request is deleted after its end.
  await eventually(() => {
    expect(file.statement('SELECT count(*) AS count FROM messages').get({})).toEqual({ count: 0 });
  });
  expect(await coatcheck('consume')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('queues no outcomes, because COATCHECK_OUTPUT is none'),
  });
});

test('the other commands find it in its folder', async () => {
  const { url } = await serve([DOUBLING_PROCESSOR]);
  await writeFile(join(folder, 'payload.json'), '{"number":5}');
  const submitted = await coatcheck('submit', 'payload.json', '--wait', '-o', 'results');
  expect(submitted).toMatchObject({ code: 0, stderr: expect.stringContaining(`coatcheck serve at ${url}`) });
  const [ticket = ''] = /[0-9a-f-]{36}/.exec(submitted.stdout + submitted.stderr) ?? [];
  expect(await coatcheck('result', ticket)).toMatchObject({ stdout: '{"double":10}' });
  expect((await coatcheck('list', '--json')).stdout).toContain(ticket);
});

test('clients add endpoints, which get signed outcomes, and are disabled when they are gone', async () => {
  const calls: ReceivedCall[] = [];
  const { port } = await httpReceiver(async (request, response) => {
    calls.push(await callOf(request));
    response.writeHead(calls.length === 1 ? 204 : 410).end();
  });
  const { client, statusUrl } = await serve([DOUBLING_PROCESSOR], {
    COATCHECK_WEBHOOK_ENDPOINTS: 'on',
    COATCHECK_CALLBACKS: 'local',
  });
  const { id, secret } = await client.webhookEndpoints.create({ url: `http://127.0.0.1:${port}/hook` });
  const { id: requestId } = await client.submit('{"number":4}', { contentType: 'application/json' });
  await eventually(() => expect(calls).not.toEqual([]));
  const [{ headers, body } = { headers: {}, body: '' }] = calls;
  const event = new Webhook(secret).verify(body, { ...headers } as Record<string, string>);
  expect(event).toMatchObject({ type: 'coatcheck.request.succeeded', data: { id: requestId } });
  expect((await coatcheck('webhooks', 'endpoints', 'test', id)).code).toBe(0);
  await eventually(async () => {
    expect((await coatcheck('webhooks', 'endpoints', 'list')).stdout).toContain('disabled');
  });
  const figures = await (await fetch(`${statusUrl}/metrics`)).text();
  expect(figures).toContain('coatcheck_webhook_endpoints_disabled_total{service="coatcheck"} 1');
});

test('without them, the error says how to have endpoints', async () => {
  const { client } = await serve([DOUBLING_PROCESSOR]);
  await expect(client.webhookEndpoints.list()).rejects.toMatchObject({ code: 'webhook_endpoints_off' });
});

test('while a taker waits, SIGTERM answers it at once, lets jobs end, and ends the service', async () => {
  const { service, client, url, statusUrl } = await serve();
  const { id } = await client.submit('x');
  const { body } = await post(`${url}/v1/jobs/receive`, {});
  const waiting = post(`${url}/v1/jobs/receive`, { waitSeconds: 50 });
  // The one that waits is there when a request that was sent later is answered.
  await client.status(id);
  service.child.kill('SIGTERM');
  await eventually(async () => expect((await fetch(`${statusUrl}/ready`)).status).toBe(503));
  expect(await waiting).toEqual({ status: 200, body: { jobs: [] } });
  expect(await post(`${url}/v1/jobs/receive`, {})).toMatchObject({ status: 503 });
  expect(await post(`${url}/v1/jobs/${body.jobs[0].lease}/ack`, { done: 1 })).toMatchObject({ status: 204 });
  expect(await service.exit()).toBe(0);
  const next = await serve();
  expect(await next.client.status(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
});

test('in order, takers get the next request of a key when the one before is done', async () => {
  const { client, url } = await serve([], { COATCHECK_ORDER: 'fifo' });
  const submit = async (text: string, orderingKey: string) => (await client.submit(text, { orderingKey })).id;
  const [first, second, other] = [await submit('1', 'a'), await submit('2', 'a'), await submit('3', 'b')];
  const receive = async () => (await post(`${url}/v1/jobs/receive`, { max: 10, waitSeconds: 10 })).body.jobs;
  const taken: { readonly id: string; readonly lease: string }[] = await receive();
  while (taken.length < 2) taken.push(...(await receive()));
  expect(taken.map(({ id }) => id).toSorted()).toEqual([first, other].toSorted());
  const lease = taken.find(({ id }) => id === first)?.lease;
  expect(await post(`${url}/v1/jobs/${lease}/ack`, {})).toMatchObject({ status: 204 });
  expect(await receive()).toMatchObject([{ id: second }]);
});

test('a taker whose connection breaks while it waits gets no request, and another one does', async () => {
  const { client, url } = await serve();
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const head = `POST /v1/jobs/receive HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\n`;
  await new Promise((resolve) => socket.write(`${head}Content-Length: 2\r\n\r\n{}`, resolve));
  await client.status('any').catch(() => {});
  socket.destroy();
  const { id } = await client.submit('x');
  expect(await post(`${url}/v1/jobs/receive`, {})).toMatchObject({ body: { jobs: [{ id, attempt: 1 }] } });
});

test('a result whose upload breaks off is not taken, and the request is given out again', async () => {
  const variables = { COATCHECK_RETRY_BASE_SECONDS: '1', COATCHECK_RETRY_CAP_SECONDS: '1' };
  const { client, url } = await serve([], variables);
  const { id } = await client.submit('x');
  const { body } = await post(`${url}/v1/jobs/receive`, {});
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const head = `POST /v1/jobs/${body.jobs[0].lease}/ack HTTP/1.1\r\nHost: ${hostname}:${port}\r\n`;
  socket.write(`${head}Content-Length: 100\r\nExpect: 100-continue\r\n\r\n`);
  expect(String(await once(socket, 'data'))).toContain('100 Continue');
  await new Promise((resolve) => socket.write('half', resolve));
  expect(await post(`${url}/v1/jobs/${body.jobs[0].lease}/fail`, { message: 'no' })).toMatchObject({
    status: 409,
  });
  socket.destroy();
  expect(await post(`${url}/v1/jobs/receive`, {})).toMatchObject({ body: { jobs: [{ id, attempt: 2 }] } });
});

test('requests are pushed to an HTTP service, whose response is the result', async () => {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    request.pipe(response);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await eventually(() => expect(server.listening).toBe(true));
  const { client, url } = await serve(['--forward', `http://127.0.0.1:${Object(server.address()).port}/`]);
  const { id } = await client.submit('echo');
  expect(await client.wait(id)).toMatchObject({ status: 'succeeded' });
  expect(await (await client.result(id)).text()).toBe('echo');
  expect((await post(`${url}/v1/jobs/receive`, {})).status).toBe(404);
});

test('with keys, callers need one of them', async () => {
  const variables = {
    COATCHECK_API_KEYS: `${KEY} ${OTHER_KEY}`,
    COATCHECK_WEBHOOK_DEFAULT_URL: 'https://example.com/hook-login',
  };
  const { service, url } = await serve([DOUBLING_PROCESSOR], variables);
  expect(service.text).not.toContain(KEY);
  expect(service.text).not.toContain('hook-login');
  for (const authorization of ['', 'Bearer', `Bearer ${KEY}x`, `Basic ${KEY}`, `Bearer ${'k'.repeat(31)}`]) {
    expect(await post(`${url}/v1/requests`, {}, { authorization })).toMatchObject({
      status: 401,
      body: { code: 'unauthorized' },
    });
  }
  for (const key of [KEY, OTHER_KEY]) {
    const answer = await post(`${url}/v1/requests`, { number: 1 }, { authorization: `Bearer ${key}` });
    expect(answer.status).toBe(202);
  }
  expect(await coatcheck('list')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('COATCHECK_TOKEN'),
  });
  expect(await coatcheck('list', '--token', OTHER_KEY)).toMatchObject({ code: 0 });
});

test('without keys, pages of other sites are refused', async () => {
  const { url } = await serve([DOUBLING_PROCESSOR]);
  expect((await fetch(`${url}/v1/status`)).status).toBe(200);
  expect((await fetch(`${url}/v1/status`, { headers: { origin: 'https://example.com' } })).status).toBe(403);
});

test('without keys, it may listen at any address of the loopback network', async () => {
  const { url, client } = await serve(['--host', '127.0.0.2']);
  expect(new URL(url).hostname).toBe('127.0.0.2');
  expect(await client.submit('x')).toMatchObject({ status: 'queued' });
});

test('it listens at all addresses with keys and a URL, which its links begin with', async () => {
  const variables = [`COATCHECK_API_KEYS=${KEY}`, 'COATCHECK_URL=https://jobs.example.com'];
  await writeFile(join(folder, 'service.env'), variables.join('\n'));
  const service = run(['--host', '0.0.0.0', '--data', 'elsewhere', '--env-file', 'service.env']);
  await service.started();
  expect(service.apiUrl).toBe('https://jobs.example.com');
  const { url } = JSON.parse(await readFile(join(folder, 'elsewhere', 'running.json'), 'utf8'));
  const answer = await post(`${url}/v1/uploads`, { size: 1 }, { authorization: `Bearer ${KEY}` });
  expect(answer.body.upload.url).toBe('https://jobs.example.com/transfers/form');
  // The other commands call it on this machine.
  const listed = await coatcheckWith({ COATCHECK_DATA: 'elsewhere', COATCHECK_TOKEN: KEY }, 'list', '--json');
  expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining('awaiting_upload') });
});

test.each([
  [
    'an address of the network without keys',
    ['--host', '0.0.0.0'],
    {},
    'COATCHECK_API_KEYS must be set to listen at 0.0.0.0',
  ],
  [
    'all addresses without a URL',
    ['--host', '0.0.0.0'],
    { COATCHECK_API_KEYS: KEY },
    'COATCHECK_URL must be set to listen at 0.0.0.0',
  ],
  ['a file and a service', [DOUBLING_PROCESSOR, '--forward', 'http://127.0.0.1:1'], {}, 'got both'],
  ['a service that isn’t one', ['--forward', 'ftp://127.0.0.1'], {}, 'the http: or https: URL of a service'],
  ['a short key', [], { COATCHECK_API_KEYS: 'secret' }, 'one has 6. Make one with openssl rand -hex 32'],
  [
    'a short key of operators',
    [],
    { COATCHECK_OPERATOR_KEYS: 'secret' },
    'COATCHECK_OPERATOR_KEYS must be keys',
  ],
  ['no processor there', ['nowhere.ts'], {}, 'There is no processor at nowhere.ts'],
  ['a number out of range', [], { COATCHECK_MAX_ATTEMPTS: '0' }, 'COATCHECK_MAX_ATTEMPTS'],
  ['a URL that isn’t one', [], { COATCHECK_URL: 'jobs' }, 'COATCHECK_URL must be an http or https URL'],
])('%s is an error that says what to do', async (_, args, variables, expected) => {
  const service = run(args, variables);
  expect(await service.exit()).toBe(1);
  expect(service.text).toContain(expected);
  expect(service.text).not.toContain('secret');
});

test('a port that is in use is an error that says so', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await eventually(() => expect(server.listening).toBe(true));
  const { port } = Object(server.address());
  const service = run(['--port', String(port)]);
  expect(await service.exit()).toBe(1);
  expect(service.text).toContain(`Port ${port} of 127.0.0.1 can't be used`);
});
