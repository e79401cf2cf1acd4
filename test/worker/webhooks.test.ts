import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endpointSecret } from '../../lib/core/webhooks/endpoint-secrets.ts';
import { SqliteOutputQueue } from '../../lib/stores/sqlite/output-queue.ts';
import { SqliteWebhookEndpoints } from '../../lib/stores/sqlite/webhook-endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { QUEUES, WorkerFolder } from '../support/worker-folder.ts';
import { DOUBLING_PROCESSOR } from '../support/worker-process.ts';
import { callOf, httpReceiver, type ReceivedCall, webhookIdOf } from '../webhooks/receiver.ts';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

/** A worker whose records are in the file of the queues, and whose receivers are on this machine. */
const WEBHOOKS = {
  ...QUEUES,
  COATCHECK_RECORDS: 'sqlite:queues.db',
  COATCHECK_WEBHOOK_SECRETS: SECRET,
  COATCHECK_CALLBACKS: 'local',
};

let folder: WorkerFolder;
beforeEach(async () => {
  folder = await WorkerFolder.create();
});
afterEach(() => folder[Symbol.asyncDispose]());

/** A webhook as its receiver reads it. */
interface Event {
  readonly type: string;
  readonly data: { readonly id: string; readonly status: string };
}

/** A receiver that verifies what it gets. @param answer answers a call; the first one is number 1 */
async function receiver(answer: (response: ServerResponse, number: number) => void, secret = SECRET) {
  const calls: ReceivedCall[] = [];
  const events: Event[] = [];
  const { port } = await httpReceiver(async (request, response) => {
    const call = await callOf(request);
    calls.push(call);
    const headers = Object.fromEntries(
      Object.entries(call.headers).map(([name, value]) => [name, String(value)]),
    );
    events.push(new Webhook(secret).verify(call.body, headers) as Event);
    answer(response, calls.length);
  });
  return { url: `http://127.0.0.1:${port}/hook`, calls, events };
}

const accept = (response: ServerResponse) => response.writeHead(204).end();

/** Sends a request that is to be called back. */
function submit(payload: object, url: string): Promise<unknown> {
  const attributes = { CallbackUrl: { type: 'String', value: url } };
  const message = { body: JSON.stringify(payload), attributes };
  return new SqliteOutputQueue(folder.file, 'requests', Date).send([message]);
}

/** How the webhook of the only request stands. */
function standing(): Record<string, unknown> {
  const row = folder.file.statement('SELECT webhook FROM records').get({});
  return JSON.parse(String(row?.webhook ?? '{}'));
}

/** Messages in a queue, visible or not. */
function waiting(queue: 'requests' | 'webhooks' | 'webhook-dead-letters'): number {
  return Number(
    folder.file.statement('SELECT count(*) AS rows FROM messages WHERE queue = :queue').get({ queue })?.rows,
  );
}

/** Lets the time pass until the next attempts. */
async function passTime(): Promise<void> {
  const sql = "UPDATE messages SET visible_at = 0 WHERE queue = 'webhooks' AND deliveries = 0";
  await folder.file.write(() => folder.file.statement(sql).run({}));
}

test('an outcome is sent, signed, and the record says so', async () => {
  const { url, events } = await receiver(accept);
  await submit({ number: 4 }, url);
  const worker = folder.run([DOUBLING_PROCESSOR], WEBHOOKS);
  await eventually(() => expect(standing()).toMatchObject({ status: 'delivered', attempts: 1 }));
  expect(events[0]).toMatchObject({ type: 'coatcheck.request.succeeded', data: { status: 'succeeded' } });
  await eventually(() => expect(waiting('webhooks')).toBe(0));
  expect(worker.text).not.toContain(SECRET);
});

test('an outcome is also sent to the endpoints of the file, signed by their secrets', async () => {
  const endpoint = { id: 'e-1', createdAt: 0, status: 'enabled', generation: 1 } as const;
  const { url, events } = await receiver(accept, endpointSecret(SECRET, endpoint.id, 1));
  await new SqliteWebhookEndpoints(folder.file).write(undefined, {
    endpoints: [{ ...endpoint, url }],
    revision: 1,
  });
  await folder.submit({ number: 4 });
  folder.run([DOUBLING_PROCESSOR], { ...WEBHOOKS, COATCHECK_WEBHOOK_ENDPOINTS: 'on' });
  await eventually(() => expect(events[0]).toMatchObject({ type: 'coatcheck.request.succeeded' }));
});

test('the previous secret signs too, and requests without a callback URL go to the default one', async () => {
  const previous = `whsec_${randomBytes(32).toString('base64')}`;
  const { url, events } = await receiver(accept, previous);
  await folder.submit({ number: 4 });
  const worker = folder.run([DOUBLING_PROCESSOR], {
    ...WEBHOOKS,
    COATCHECK_WEBHOOK_SECRETS: `${SECRET} ${previous}`,
    COATCHECK_WEBHOOK_DEFAULT_URL: `${url}?token=confidential`,
  });
  await eventually(() => expect(events).not.toEqual([]));
  expect(worker.text).not.toContain('confidential');
});

test('a receiver that fails is called again, with the same id', async () => {
  const { url, calls } = await receiver((response, number) =>
    response.writeHead(number === 1 ? 500 : 204).end(),
  );
  await submit({ number: 4 }, url);
  folder.run([DOUBLING_PROCESSOR], WEBHOOKS);
  await eventually(() => expect(standing()).toMatchObject({ status: 'failing', attempts: 1 }));
  await passTime();
  await eventually(() => expect(standing()).toMatchObject({ status: 'delivered', attempts: 2 }));
  expect(new Set(calls.map(webhookIdOf)).size).toBe(1);
});

test('a worker that is killed while its receiver thinks loses no webhook: another one sends it', async () => {
  const { url, calls } = await receiver((response, number) => number > 1 && accept(response));
  await submit({ number: 4 }, url);
  const first = folder.run([DOUBLING_PROCESSOR], WEBHOOKS);
  await eventually(() => expect(calls).not.toEqual([]));
  // Before the request is acknowledged, its next delivery would put its webhook into the queue once more.
  await eventually(() => expect(waiting('requests')).toBe(0));
  first.child.kill('SIGKILL');
  await first.exit();
  expect(waiting('webhooks')).toBe(1);
  await folder.passVisibility();
  folder.run([DOUBLING_PROCESSOR], WEBHOOKS);
  await eventually(() => expect(standing()).toMatchObject({ status: 'delivered', attempts: 1 }));
  expect(calls.length).toBeGreaterThan(1);
  expect(new Set(calls.map(webhookIdOf)).size).toBe(1);
});

test('workers on one file share the webhooks, and none is lost when some of them are killed', async () => {
  const { url, events } = await receiver(accept);
  const count = 40;
  const run = () => folder.run([DOUBLING_PROCESSOR], WEBHOOKS);
  const workers = [run(), run()];
  for (let number = 0; number < count; number++) await submit({ number, wait: number % 7 }, url);
  for (const enough of [5, 20]) {
    await eventually(() => expect(events.length).toBeGreaterThan(enough));
    const killed = workers.shift();
    killed?.child.kill('SIGKILL');
    await killed?.exit();
    await folder.passVisibility();
    workers.push(run());
  }
  await eventually(() => expect(new Set(events.map(({ data }) => data.id)).size).toBe(count));
  expect(events.every(({ data }) => data.status === 'succeeded')).toBe(true);
});

test('a webhook that used up its attempts is listed and put back', async () => {
  let works = false;
  const { url, calls, events } = await receiver((response) => response.writeHead(works ? 204 : 500).end());
  await submit({ number: 4 }, url);
  folder.run([DOUBLING_PROCESSOR], WEBHOOKS);
  await eventually(async () => {
    await passTime();
    expect(waiting('webhook-dead-letters')).toBe(1);
  });
  expect(calls.length).toBeGreaterThanOrEqual(10);
  expect(new Set(calls.map(webhookIdOf)).size).toBe(1);
  await eventually(() => expect(standing()).toMatchObject({ status: 'dead_lettered', attempts: 10 }));
  const program = (...args: string[]) =>
    promisify(execFile)(process.execPath, [resolve('bin/coatcheck.ts'), 'webhooks', ...args], {
      cwd: folder.path,
    });
  const { stdout } = await program('list', '--file', 'queues.db', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ request: events[0]?.data.id, attempts: 10 });
  works = true;
  await program('replay', '--file', 'queues.db', '--yes');
  await eventually(() => expect(standing()).toMatchObject({ status: 'delivered', attempts: 1 }));
  await expect(program('list', '--file', 'nowhere.db')).rejects.toThrow('There is no file nowhere.db');
});

test.each([
  [
    'a secret that can’t sign',
    { COATCHECK_WEBHOOK_SECRETS: 'whsec_c2hvcnQ=' },
    'current secret in COATCHECK_WEBHOOK_SECRETS is something else',
  ],
  [
    'three secrets',
    { COATCHECK_WEBHOOK_SECRETS: `${SECRET} ${SECRET} ${SECRET}` },
    'the previous one, separated by a space, got 3 of them',
  ],
  [
    'a default URL that can’t be called',
    { COATCHECK_CALLBACKS: 'public', COATCHECK_WEBHOOK_DEFAULT_URL: 'http://example.com/hook' },
    "The default URL of webhooks can't be used: a callback URL must be https",
  ],
  [
    'an output in the queue of webhooks',
    { COATCHECK_OUTPUT: 'sqlite:queues.db?queue=webhooks' },
    "COATCHECK_OUTPUT can't be the queue webhooks, where webhooks wait",
  ],
  [
    'records in DynamoDB',
    { COATCHECK_RECORDS: 'dynamodb://requests' },
    'COATCHECK_WEBHOOK_SECRETS needs COATCHECK_RECORDS in a SQLite file, where webhooks wait, got dynamodb://requests',
  ],
])('%s: an error says what is allowed', async (_, variables, expected) => {
  const worker = folder.run([DOUBLING_PROCESSOR], { ...WEBHOOKS, ...variables });
  expect(await worker.exit()).not.toBe(0);
  expect(worker.text).toContain(expected);
  expect(worker.text).not.toContain('c2hvcnQ');
});
