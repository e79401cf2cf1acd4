import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processor, RetryLater } from 'coatcheck';
import { openService, type ReceivedOutcome, RequestNotFound, type ServiceOptions } from 'coatcheck/embedded';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import type { Handler } from '../../lib/core/processor/handler.ts';
import { openServiceAt } from '../../lib/embedded/open-service.ts';
import { serviceRetention, sweep } from '../../lib/embedded/retention.ts';
import { serviceSettings } from '../../lib/embedded/settings.ts';
import { Storage } from '../../lib/embedded/storage.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { TestClock } from '../support/test-clock.ts';
import { handler } from './programs/processor.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-embedded-'));
  file = join(folder, 'data', 'jobs.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const logger = new CollectingLogger();

function open(options: Partial<ServiceOptions> = {}) {
  return openService({ file, processor: handler, logger, ...options });
}

async function resultOf(outcome: ReceivedOutcome): Promise<unknown> {
  return outcome.status === 'succeeded' ? outcome.result.json() : outcome.problem;
}

test('a request is handled, and its outcome waited for and consumed', async () => {
  await using service = await open();
  const { id, status } = await service.submit({ number: 4 }, { tenant: 'blue' });
  expect(status).toBe('queued');
  const outcome = await service.wait(id, { tenant: 'blue' });
  expect(outcome).toMatchObject({ requestId: id, tenant: 'blue', status: 'succeeded', service: 'coatcheck' });
  expect(await resultOf(outcome)).toEqual({ double: 8 });
  expect(await service.request(id, { tenant: 'blue' })).toMatchObject({ status: 'succeeded', attempts: 1 });
  expect(await service.request(id)).toBeUndefined();
  const consumed: ReceivedOutcome[] = [];
  service.consume((one) => consumed.push(one));
  await eventually(() => expect(consumed).toHaveLength(1));
  expect(consumed[0]?.id).toBe(outcome.id);
  expect(consumed[0] && (await resultOf(consumed[0]))).toEqual({ double: 8 });
});

test('records keep the metadata that is declared', async () => {
  await expect(open({ recordMetadata: ['a b'] })).rejects.toThrow('recordMetadata[0] must be the name of');
  await using service = await open({ recordMetadata: ['customer'] });
  const metadata = { customer: 'acme', order: '17' };
  const { id, metadata: kept } = await service.submit({ number: 4 }, { metadata });
  expect(kept).toEqual({ customer: 'acme' });
  await service.wait(id);
  expect((await service.request(id))?.metadata).toEqual({ customer: 'acme' });
});

test.each([
  ['null', 'openService() takes an object with options, got null'],
  ['{}', 'file must be the path of a file, got nothing'],
  ['{"file": ":memory:", "records": null}', 'records is not one of file, '],
  ['{"file": ":memory:", "record": {}}', 'record is not one of file, processor, '],
  ['{"file": ":memory:", "settings": null}', 'settings must be left out or have a value, got null'],
  [
    '{"file": ":memory:", "settings": {"maxAttempts": null}}',
    'settings: maxAttempts must be a whole number of attempts from 1 to 400, got null',
  ],
  ['{"file": ":memory:", "settings": 5}', 'settings must be an object, got 5'],
  ['{"file": ":memory:", "settings": {"maxAttemts": 3}}', 'settings: maxAttemts is not one of '],
  ['{"file": ":memory:", "webhooks": {}}', 'webhooks.secrets must be a list, got nothing'],
  [
    '{"file": ":memory:", "webhooks": "whsec_MTIz"}',
    'webhooks must be an object with settings, got a string',
  ],
  [
    '{"file": ":memory:", "webhooks": {"secrets": "whsec_MTIz"}}',
    'webhooks.secrets must be a list, got a string',
  ],
  ['{"file": ":memory:", "webhooks": {"secrets": [5]}}', 'webhooks.secrets[0] must be a text, got a number'],
  [
    '{"file": ":memory:", "webhooks": {"secrets": [], "callbacks": "any"}}',
    'webhooks.callbacks must be one of off, public, local, got "any"',
  ],
  ['{"file": ":memory:", "webhooks": {"secrets": [], "defaultURL": "a"}}', 'did you mean defaultUrl?'],
  [
    '{"file": ":memory:", "processors": {"a": null}}',
    'processors.a must be left out or have a value, got null',
  ],
  ['{"file": ":memory:", "output": true}', 'output must be false or left out, got true'],
  ['{"file": ":memory:", "graceSeconds": "5"}', 'graceSeconds must be a number from 0, got "5"'],
  ['{"file": ":memory:", "logger": {}}', 'logger must be a logger, got another object'],
])('what only JavaScript can pass as options is refused by its name: %s', async (json, problem) => {
  await expect(openService(JSON.parse(json))).rejects.toMatchObject({
    code: 'configuration_invalid',
    message: expect.stringContaining(problem),
  });
});

test('a logger may be an object that contains null and itself', async () => {
  const { debug, info, warn, error } = console;
  const logger = { debug, info, warn, error, transport: null, child: () => logger };
  await using service = await open({ logger: Object.assign(logger, { root: logger }) });
  expect(service.processing?.state).toBeDefined();
});

test('without an output, outcomes are recorded and not queued', async () => {
  await using service = await open({ output: false });
  const { id } = await service.submit({ number: 4 });
  expect(await resultOf(await service.wait(id))).toEqual({ double: 8 });
  expect(() => service.consume(() => {})).toThrow('consume() has no outcomes, because output is false');
  await using other = await open({ processor: undefined });
  const consumed: ReceivedOutcome[] = [];
  other.consume((one) => consumed.push(one));
  const { id: second } = await other.submit({ number: 5 });
  await other.wait(second);
  expect(consumed).toEqual([]);
});

test('a request that is suspended when its service closes goes on from its checkpoint', async () => {
  const gate = Promise.withResolvers<void>();
  const slices = processor(async (request) => {
    const done = (request.state ?? []) as number[];
    while (done.length < 5) {
      done.push(request.attempt);
      await request.checkpoint(done);
      if (done.length === 2) await gate.promise;
    }
    return done;
  });
  let id: string;
  {
    await using first = await open({ processor: slices });
    ({ id } = await first.submit({}));
    await eventually(async () => expect((await first.request(id))?.checkpoints).toBe(2));
    const closing = first.close();
    gate.resolve();
    await closing;
  }
  await using second = await open({ processor: slices });
  expect(await resultOf(await second.wait(id))).toEqual([1, 1, 1, 1, 1]);
  expect(await second.request(id)).toMatchObject({ attempts: 1, checkpoints: 5 });
});

test('a request has the version of the code that handled it: the option’s, else that of COATCHECK_VERSION', async () => {
  vi.stubEnv('COATCHECK_VERSION', '9f86d08');
  onTestFinished(() => void vi.unstubAllEnvs());
  const versionOf = async (version?: string) => {
    await using service = await open({ version });
    const { id } = await service.submit({ x: 1, y: 2 });
    await service.wait(id);
    return (await service.request(id))?.handlerVersion;
  };
  expect(await versionOf()).toBe('9f86d08');
  expect(await versionOf('42')).toBe('42');
  await expect(open({ version: 'release 7' })).rejects.toThrow('version must have 1 to 128 letters');
  vi.stubEnv('COATCHECK_VERSION', 'release 7');
  await expect(open()).rejects.toThrow('COATCHECK_VERSION must have 1 to 128 letters');
});

test('several processors: the one with the closest pattern runs a request', async () => {
  const processors = {
    'numbers.*': handler,
    'numbers.length': processor({ input: z.object({ text: z.string() }) }, async (request) => ({
      length: (await request.json()).text.length,
      topic: request.topic,
    })),
  };
  await using service = await open({ processor: undefined, processors });
  const run = async (payload: unknown, topic: string) => {
    const { id } = await service.submit(payload, { topic });
    const outcome = await service.wait(id);
    expect(outcome.topic).toBe(topic);
    return resultOf(outcome);
  };
  expect(await run({ number: 4 }, 'numbers.double')).toEqual({ double: 8 });
  expect(await run({ text: 'four' }, 'numbers.length')).toEqual({ length: 4, topic: 'numbers.length' });
  expect(await run({ number: 4 }, 'numbers.length')).toMatchObject({ code: 'input_invalid' });
  const unknown = 'topic must be one that a processor is for, numbers.*, numbers.length, got';
  await expect(service.submit({}, { topic: 'number' })).rejects.toThrow(`${unknown} number`);
  await expect(service.submit({})).rejects.toThrow(`${unknown} none`);
  await expect(service.submit({}, { topic: 'numbers.*' })).rejects.toThrow(
    'topic must have 1 to 128 characters',
  );
});

test('a request for a processor that this process doesn’t have is retried', async () => {
  {
    await using client = await open({ processor: undefined });
    await client.submit({ number: 4 }, { topic: 'double' });
  }
  const lines = new CollectingLogger();
  await using other = await open({ processor: undefined, processors: { other: handler }, logger: lines });
  await eventually(() => {
    expect(JSON.stringify(lines.lines)).toContain('No processor here takes double: they take other');
  });
  expect(other.processing?.state).toBe('ready');
});

test.each([
  [{ processor: handler, processors: { double: handler } }, 'takes processor or processors, got both'],
  [{ processor: undefined, processors: {} }, 'must have at least one pattern of topics'],
  [{ processor: undefined, processors: { 'a b': handler } }, 'each must be a topic'],
])('processors that can’t be used are refused: %#', async (options, problem) => {
  await expect(open(options)).rejects.toThrow(problem);
});

test('an outcome comes again until its handler returns', async () => {
  await using service = await open();
  const { id } = await service.submit({ number: 1 });
  const seen: string[] = [];
  service.consume(({ requestId }) => {
    seen.push(requestId);
    if (seen.length === 1) throw new RetryLater(0);
  });
  await eventually(() => expect(seen).toEqual([id, id]));
});

test('a failure has its problem, and a dead letter is put back', async () => {
  await using service = await open({ settings: { maxAttempts: 1 } });
  const unknown = await service.submit({ number: 1, fail: 'now' });
  expect(await resultOf(await service.wait(unknown.id))).toMatchObject({ code: 'order_unknown' });
  const { id } = await service.submit({ number: 1, fail: 'always' });
  expect(await service.wait(id)).toMatchObject({ status: 'failed' });
  await eventually(async () => expect(await service.redrive()).toBe(1));
  await eventually(async () => expect(await service.request(id)).toMatchObject({ attempts: 2 }));
});

test('large payloads and results go through the directory', async () => {
  const echo = processor(async (request) => new Response(await request.bytes()));
  await using service = await open({ processor: echo });
  const payload = randomBytes(1_500_000);
  const { id } = await service.submit(payload);
  const outcome = await service.wait(id);
  if (outcome.status !== 'succeeded') throw new Error('it failed');
  expect(outcome.result.reference).toMatchObject({ scheme: 'file' });
  expect(Buffer.compare(await outcome.result.bytes(), payload)).toBe(0);
});

test('one process submits, another one handles', async () => {
  await using front = await open({ processor: undefined });
  const { id } = await front.submit({ number: 3 });
  const waiting = front.wait(id);
  await using _back = await open();
  expect(await resultOf(await waiting)).toEqual({ double: 6 });
});

test('submissions with the same key are one request', async () => {
  await using service = await open();
  const one = await service.submit({ number: 1 }, { idempotencyKey: 'order-1' });
  const other = await service.submit({ number: 1 }, { idempotencyKey: 'order-1' });
  expect(other.id).toBe(one.id);
  await expect(service.submit({ number: 2 }, { idempotencyKey: 'order-1' })).rejects.toThrow(
    'The idempotency key order-1 was used for a request with another payload',
  );
});

test('a request that runs is cancelled', async () => {
  await using service = await open();
  const { id } = await service.submit({ number: 1, wait: 60_000 });
  await eventually(async () => expect(await service.request(id)).toMatchObject({ status: 'running' }));
  expect(await service.cancel(id)).toMatchObject({ status: 'cancelling' });
  expect(await service.wait(id)).toMatchObject({ status: 'cancelled' });
});

test('closing finishes what runs, and what waits is handled by the next process', async () => {
  const first = await open({ settings: { concurrency: 1 } });
  const running = await first.submit({ number: 1, wait: 300 });
  await eventually(async () => expect(await first.request(running.id)).toMatchObject({ status: 'running' }));
  const waiting = await first.submit({ number: 2 });
  await first.close();
  await expect(first.submit({ number: 3 })).rejects.toThrow(`The service in ${file} is closed`);
  await using second = await open();
  expect(await second.request(running.id)).toMatchObject({ status: 'succeeded' });
  expect(await resultOf(await second.wait(waiting.id))).toEqual({ double: 4 });
});

test('closing without grace time gives back what has not begun, and what stops when it is asked to', async () => {
  const obedient: Handler = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const { backlog, statuses } = await closeAtOnce(obedient, 3);
  expect(statuses).toEqual(['queued', 'queued', 'queued']);
  expect(backlog).toMatchObject({ waiting: 3, inFlight: 0 });
});

test('closing without grace time leaves a request leased whose handler may still run', async () => {
  const { backlog, statuses } = await closeAtOnce(() => new Promise(() => {}), 2);
  expect(statuses).toEqual(['running', 'queued']);
  expect(backlog).toMatchObject({ waiting: 1, inFlight: 1 });
});

/** Closes a service whose handler runs one of several requests. @returns what the next process finds after a second, a retry's delay */
async function closeAtOnce(handler: Handler, count: number) {
  const clock = new TestClock();
  const settings = { concurrency: 1, retryBaseSeconds: 1, retryCapSeconds: 1 };
  const options = { file, logger, settings, graceSeconds: 0 };
  const ids: string[] = [];
  {
    await using first = await openServiceAt({ ...options, processor: processor(handler) }, clock);
    for (let number = 0; number < count; number++) ids.push((await first.submit({ number })).id);
    await eventually(async () => {
      expect(first.processing?.held).toBeGreaterThan(1);
      expect((await first.request(ids[0] ?? ''))?.status).toBe('running');
    });
  }
  clock.advanceSeconds(1);
  await using second = await openServiceAt(options, clock);
  const views = await Promise.all(ids.map((id) => second.request(id)));
  await using storage = await Storage.open(file, clock);
  return { backlog: await storage.backlog.read(), statuses: views.map((view) => view?.status) };
}

test('waiting ends with its signal, or when the service closes', async () => {
  const service = await open({ processor: undefined });
  const { id } = await service.submit({ number: 1 });
  await expect(service.wait(id, { signal: AbortSignal.timeout(10) })).rejects.toThrow('due to timeout');
  const waiting = expect(service.wait(id)).rejects.toThrow('aborted');
  await service.close();
  await waiting;
});

test('webhooks are delivered, signed', async () => {
  const bodies: { readonly headers: Record<string, unknown>; readonly body: string }[] = [];
  const server = createServer(async (call, answer) => {
    let body = '';
    for await (const chunk of call) body += chunk;
    bodies.push({ headers: call.headers, body });
    answer.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const secrets = [`whsec_${randomBytes(24).toString('base64')}`] as const;
  try {
    await using service = await open({ webhooks: { secrets, callbacks: 'local' } });
    const { id } = await service.submit({ number: 5 }, { callbackUrl: `http://127.0.0.1:${port}/hook` });
    await eventually(() => expect(bodies).toHaveLength(1));
    expect(bodies[0]?.body).toContain(id);
    expect(bodies[0]?.headers).toHaveProperty('webhook-signature');
  } finally {
    server.close();
  }
});

test.each([
  [
    'settings that don’t exist',
    { settings: { attempts: 3 } as object },
    'settings: attempts is not one of concurrency',
  ],
  ['a setting out of bounds', { settings: { maxAttempts: 0 } }, 'from 1 to 400, got 0'],
  ['a function without processor()', { processor: () => 1 }, 'openService takes what processor() returned'],
  ['a bad secret', { webhooks: { secrets: ['short'] as const } }, 'whsec_'],
])('%s: an error says what is allowed', async (_, options, message) => {
  await expect(open(options)).rejects.toThrow(message);
});

test('bad submissions are refused before they are taken', async () => {
  await using service = await open();
  await expect(service.submit('')).rejects.toThrow('is empty');
  await expect(service.submit('x', { tenant: '' })).rejects.toThrow('a tenant has 1 to');
  await expect(service.submit('x', { callbackUrl: 'https://example.com' })).rejects.toThrow(
    'webhooks are off',
  );
  await expect(service.wait('unknown')).rejects.toThrow(RequestNotFound);
  await expect(service.cancel('unknown')).rejects.toThrow(RequestNotFound);
});

test('what is old is deleted, but nothing that a waiting request needs', async () => {
  const settings = serviceSettings(
    {},
    {
      serviceName: 'coatcheck',
      handlerVersion: undefined,
      source: 'file://payloads',
      webhooks: undefined,
    },
  );
  const later = (days: number) => ({ now: () => Date.now() + days * 86_400_000 });
  const front = await open({ processor: undefined });
  const { id } = await front.submit(randomBytes(1_500_000));
  await front.close();
  const old = await Storage.open(file, later(20));
  await sweep(serviceRetention(old, settings), new AbortController().signal);
  await old[Symbol.asyncDispose]();
  const size = processor(async (request) => (await request.bytes()).length);
  const service = await openServiceAt({ file, processor: size, logger }, later(20));
  expect(await resultOf(await service.wait(id))).toBe(1_500_000);
  await service.close();
  const older = await Storage.open(file, later(60));
  await sweep(serviceRetention(older, settings), new AbortController().signal);
  expect(older.file.statement('SELECT count(*) AS rows FROM messages').get()).toEqual({ rows: 0 });
  expect(older.file.statement('SELECT count(*) AS rows FROM records').get()).toEqual({ rows: 0 });
  const objects = (await readdir(older.payloads.directory)).filter((name) => /^[0-9a-f]{2}$/.test(name));
  const folders = objects.map((name) => readdir(join(older.payloads.directory, name)));
  expect((await Promise.all(folders)).flat()).toEqual([]);
  await older[Symbol.asyncDispose]();
});

test('a request that must not start before a time is scheduled until then', async () => {
  await using service = await open();
  const notBefore = new Date(Date.now() + 1_000);
  const { id, status } = await service.submit({ number: 4 }, { notBefore });
  expect(status).toBe('scheduled');
  expect(await service.request(id)).toMatchObject({ status: 'scheduled', notBefore, attempts: 0 });
  expect(await resultOf(await service.wait(id))).toEqual({ double: 8 });
  expect(Date.now()).toBeGreaterThanOrEqual(notBefore.getTime());
});

test('the outcome of one that is cancelled before is published at once', async () => {
  await using service = await open();
  const notBefore = new Date(Date.now() + 3_600_000);
  const { id } = await service.submit({ number: 4 }, { notBefore, tenant: 'acme' });
  const published = Promise.withResolvers<ReceivedOutcome>();
  service.consume(async (outcome) => published.resolve(outcome));
  expect(await service.cancel(id, { tenant: 'acme' })).toMatchObject({ status: 'cancelled' });
  expect(await published.promise).toMatchObject({ requestId: id, tenant: 'acme', status: 'cancelled' });
});

test('it is run by another process, and never if it was cancelled', async () => {
  const notBefore = new Date(Date.now() + 1_000);
  const submitting = await open({ processor: undefined });
  const { id } = await submitting.submit({ number: 4 }, { notBefore });
  const cancelled = await submitting.submit({ number: 5 }, { notBefore });
  expect(await submitting.cancel(cancelled.id)).toMatchObject({ status: 'cancelled' });
  await submitting.close();
  await using service = await open();
  expect(await resultOf(await service.wait(id))).toEqual({ double: 8 });
  expect(await service.request(cancelled.id)).toMatchObject({ status: 'cancelled', attempts: 0 });
});

test('what can not be scheduled is refused', async () => {
  await using service = await open();
  const notBefore = new Date('2999-01-01T00:00:00Z');
  await expect(service.submit(1, { notBefore })).rejects.toMatchObject({ code: 'not_before_invalid' });
  await expect(service.submit(1, { notBefore: new Date('tomorrow') })).rejects.toThrow(
    'notBefore must be a time in the years 0000 to 9999, got an invalid date',
  );
  await using ordered = await open({ file: join(folder, 'ordered.db'), order: 'fifo' });
  const soon = new Date(Date.now() + 60_000);
  await expect(ordered.submit(1, { notBefore: soon })).rejects.toMatchObject({
    code: 'not_before_unsupported',
    message: "notBefore can't be used in a service that keeps order: leave it out",
  });
});

test('order holds for the requests that waited when it was turned on, except those that wait for their time', async () => {
  const clock = new TestClock();
  const at = (options: Partial<ServiceOptions>) =>
    openServiceAt({ file, logger: new CollectingLogger(), ...options }, clock);
  const tenants = ['a', 'b', undefined];
  {
    await using before = await at({});
    for (const tenant of tenants) {
      await before.submit('scheduled', { tenant, notBefore: new Date(clock.time + 60_000) });
    }
    for (const text of ['1', '2']) for (const tenant of tenants) await before.submit(text, { tenant });
  }
  const ran = new Map(tenants.map((tenant) => [tenant, Array.of<string>()]));
  const running = new Set<string | undefined>();
  const inTurn = processor(async (request) => {
    const text = await request.text();
    if (text !== 'scheduled') expect(running).not.toContain(request.tenant);
    running.add(request.tenant);
    await new Promise((resolve) => setTimeout(resolve, 20));
    running.delete(request.tenant);
    ran.get(request.tenant)?.push(text);
  });
  await using after = await at({ processor: inTurn, order: 'fifo' });
  for (const tenant of tenants) await after.submit('3', { tenant });
  await eventually(() => expect([...ran.values()]).toEqual(tenants.map(() => ['1', '2', '3'])));
  clock.time += 60_000;
  await eventually(() => expect([...ran.values()]).toEqual(tenants.map(() => ['1', '2', '3', 'scheduled'])));
});
