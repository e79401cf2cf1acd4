import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DirectoryPayloadStore } from '../../lib/stores/directory/payload-store.ts';
import { SqliteOutputQueue } from '../../lib/stores/sqlite/output-queue.ts';
import { EcsAgent } from '../support/ecs-agent.ts';
import { eventually } from '../support/eventually.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { chunked } from '../support/streams.ts';
import { QUEUES, WorkerFolder } from '../support/worker-folder.ts';
import { DOUBLING_PROCESSOR, SECRET_PROCESSOR, SLICES_PROCESSOR } from '../support/worker-process.ts';

let folder: WorkerFolder;

beforeEach(async () => {
  folder = await WorkerFolder.create();
});
afterEach(() => folder[Symbol.asyncDispose]());

const run = (...given: Parameters<WorkerFolder['run']>) => folder.run(...given);
const submit = (payload: unknown) => folder.submit(payload);
const outcomes = (count: number) => folder.outcomes(count);

test('a worker handles what waits in its queue, serves its state, and ends on SIGTERM', async () => {
  await submit({ number: 4 });
  const worker = run([DOUBLING_PROCESSOR], QUEUES);
  const [outcome] = await outcomes(1);
  expect(outcome?.data).toEqual({ double: 8 });
  const url = await worker.started();
  expect(worker.logged('Worker started')[0]).toMatchObject({
    level: 'INFO',
    concurrency: 10,
    inputUrl: QUEUES.COATCHECK_INPUT,
  });
  expect(await (await fetch(`${url}/ready`)).text()).toBe('ready\n');
  await eventually(async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('coatcheck_outcomes_total{status="succeeded",service="coatcheck"} 1');
    expect(metrics).toContain('coatcheck_messages_held{service="coatcheck"} 0');
  });
  worker.child.kill('SIGTERM');
  expect(await worker.exit()).toBe(0);
  expect(worker.logged('Worker is stopping')).toMatchObject([{ held: 0, graceSeconds: 25 }]);
  expect(worker.logged('Worker stopped')).toHaveLength(1);
});

test('a worker takes requests from a queue for each priority', async () => {
  for (const queue of ['requests', 'urgent', 'idle']) await folder.submit({ number: 1 }, queue);
  const lanes = {
    COATCHECK_INPUT_HIGH: 'sqlite:queues.db?queue=urgent',
    COATCHECK_INPUT_LOW: 'sqlite:queues.db?queue=idle',
  };
  run([DOUBLING_PROCESSOR], { ...QUEUES, ...lanes, COATCHECK_RECORDS: 'sqlite:queues.db' });
  expect(await outcomes(3)).toHaveLength(3);
  const records = folder.file.statement('SELECT record FROM records').all({});
  const priorities = records.map(({ record }) => JSON.parse(String(record)).request.priority);
  expect(priorities.toSorted()).toEqual(['high', 'low', undefined]);
});

test('a broker that is down at the start is an error that says what to do, without a stack', async () => {
  const worker = run([DOUBLING_PROCESSOR], { ...QUEUES, COATCHECK_OUTPUT: 'redis://127.0.0.1:1/0?stream=a' });
  expect(await worker.exit()).toBe(1);
  expect(worker.text).toContain(
    "error: Redis at redis://127.0.0.1:1/0 can't be reached: connect ECONNREFUSED",
  );
  expect(worker.text).toContain('start the server, or correct the URL in COATCHECK_OUTPUT');
  expect(worker.text).not.toMatch(/^ +at /m);
});

test('a request that is handled when SIGTERM comes is finished, and what waits goes back at once', async () => {
  const worker = run([DOUBLING_PROCESSOR], { ...QUEUES, COATCHECK_CONCURRENCY: '1' });
  const status = await worker.started();
  await submit({ number: 1, wait: 5_000 });
  await submit({ number: 2 });
  await eventually(async () => {
    expect(await (await fetch(`${status}/metrics`)).text()).toContain(
      'coatcheck_messages_held{service="coatcheck"} 2',
    );
  });
  worker.child.kill('SIGTERM');
  expect(await worker.exit()).toBe(0);
  expect((await outcomes(1)).map(({ data }) => data)).toEqual([{ double: 2 }]);
  run([DOUBLING_PROCESSOR], QUEUES);
  expect((await outcomes(1)).map(({ data }) => data)).toEqual([{ double: 4 }]);
});

test('work in slices goes on in another worker when its worker stops, as one attempt', async () => {
  const variables = { ...QUEUES, COATCHECK_RECORDS: 'sqlite:queues.db' };
  await submit({ upTo: 30 });
  const first = run([SLICES_PROCESSOR], variables);
  const record = () => String(folder.file.statement('SELECT record FROM records').get({})?.record);
  await eventually(() => expect(record()).toContain('"number":5'));
  first.child.kill('SIGTERM');
  expect(await first.exit()).toBe(0);
  expect(first.logged('Request suspended at a checkpoint')).toHaveLength(1);
  run([SLICES_PROCESSOR], variables);
  expect((await outcomes(1)).map(({ data }) => data)).toEqual([Array(30).fill(1)]);
});

test('a worker that is killed loses nothing: another one takes over when its messages come back', async () => {
  const first = run([DOUBLING_PROCESSOR], QUEUES);
  const status = await first.started();
  await submit({ number: 5, wait: 5_000 });
  await eventually(async () => {
    expect(await (await fetch(`${status}/metrics`)).text()).toContain('messages_held{service="coatcheck"} 1');
  });
  first.child.kill('SIGKILL');
  await first.exit();
  await folder.passVisibility();
  run([DOUBLING_PROCESSOR], QUEUES);
  expect(await outcomes(1)).toMatchObject([{ data: { double: 10 } }]);
});

test('a worker in an ECS task asks for protection from scale-in while it holds a message', async () => {
  await using agent = await EcsAgent.start();
  const worker = run([DOUBLING_PROCESSOR], { ...QUEUES, ECS_AGENT_URI: agent.uri });
  await worker.started();
  expect(agent.calls).toEqual([]);
  await submit({ number: 1, wait: 3_000 });
  await eventually(() => expect(agent.isProtected).toBe(true));
  await outcomes(1);
});

test('variables come from a file, and those of the environment win', async () => {
  const lines = Object.entries(QUEUES).map(([name, value]) => `${name}=${value}`);
  await writeFile(
    join(folder.path, 'worker.env'),
    [...lines, 'COATCHECK_CONCURRENCY=3', 'COATCHECK_PREFETCH=4'].join('\n'),
  );
  const worker = run([DOUBLING_PROCESSOR, '--env-file', 'worker.env'], { COATCHECK_PREFETCH: '0' });
  await worker.started();
  expect(worker.logged('Worker started')).toMatchObject([{ concurrency: 3, prefetch: 0 }]);
});

test('secrets are variables, also of a file, and a missing one stops the start', async () => {
  const withoutSecret = run([SECRET_PROCESSOR], QUEUES);
  expect(await withoutSecret.exit()).toBe(1);
  expect(withoutSecret.text).toContain('got nothing for MODEL_KEY');

  await writeFile(join(folder.path, 'worker.env'), 'MODEL_KEY=0123456789\n');
  const worker = run([SECRET_PROCESSOR, '--env-file', 'worker.env'], QUEUES);
  await submit({});
  expect((await outcomes(1)).map(({ data }) => data)).toEqual([{ length: 10 }]);
  await eventually(() => expect(worker.logged('The key is [secret MODEL_KEY]')).not.toEqual([]));
  expect(worker.text).not.toContain('0123456789');
});

test.each([
  ['an input that can’t be used', { COATCHECK_INPUT: 'nats://secret@127.0.0.1:1/?x=y' }],
  ['a store of another kind', { COATCHECK_RECORDS: 'postgres://me:secret@127.0.0.1/records' }],
  ['a URL that is malformed', { COATCHECK_OUTPUT: 'amqp://me:sec/ret-secret@127.0.0.1:x' }],
])('the login in the URL of %s is not printed', async (_, variables) => {
  const worker = run([DOUBLING_PROCESSOR], { ...QUEUES, ...variables });
  expect(await worker.exit()).not.toBe(0);
  expect(worker.text).toMatch(/COATCHECK_|The URL/);
  expect(worker.text).not.toContain('secret');
});

test('the spans of the last requests are sent before a worker ends', async () => {
  await using receiver = await new OtlpReceiver().start();
  const worker = run([DOUBLING_PROCESSOR], {
    ...QUEUES,
    COATCHECK_TRACING: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    // Longer than the test: spans are sent at the end or never.
    OTEL_BSP_SCHEDULE_DELAY: '600000',
  });
  await submit({ number: 3 });
  await outcomes(1);
  worker.child.kill('SIGTERM');
  expect(await worker.exit()).toBe(0);
  expect(receiver.spans).toHaveLength(1);
});

test('records, payloads and results that are kept no longer are deleted', async () => {
  const variables = { ...QUEUES, COATCHECK_RECORDS: 'sqlite:queues.db' };
  const payloads = await DirectoryPayloadStore.open(join(folder.path, '.coatcheck', 'payloads'));
  const { signal } = new AbortController();
  await payloads.put('orphan', chunked('content'), {}, signal);
  await submit({ number: 3 });
  const first = run([DOUBLING_PROCESSOR], variables);
  await outcomes(1);
  first.child.kill('SIGTERM');
  await first.exit();
  await folder.file.write(() => folder.file.statement('UPDATE records SET kept_until = 1').run({}));
  await rm(join(payloads.directory, 'swept'));
  await payloads.renew({ ...payloads.location, key: 'orphan' }, 1);
  run([DOUBLING_PROCESSOR], variables);
  await eventually(async () => {
    expect(folder.file.statement('SELECT record FROM records').get({})).toBeUndefined();
    expect(await payloads.recall('orphan', signal)).toBeUndefined();
  });
});

test('a worker without an output queue records its outcomes', async () => {
  run([DOUBLING_PROCESSOR], { ...QUEUES, COATCHECK_OUTPUT: 'none', COATCHECK_RECORDS: 'sqlite:queues.db' });
  await submit({ number: 3 });
  const row = () => folder.file.statement('SELECT outcome FROM records').get({});
  await eventually(() => expect(String(row()?.outcome)).toContain('"status":"succeeded"'));
});

test('a request with a callback URL fails if its worker sends no webhooks', async () => {
  const attributes = { CallbackUrl: { type: 'String', value: 'https://example.com/hook' } };
  await new SqliteOutputQueue(folder.file, 'requests', Date).send([{ body: '{"number":1}', attributes }]);
  run([DOUBLING_PROCESSOR], QUEUES);
  expect(await outcomes(1)).toMatchObject([{ data: { code: 'callback_refused' } }]);
});

test.each([
  [
    'no queue',
    [DOUBLING_PROCESSOR],
    {},
    'COATCHECK_INPUT must be set, got nothing; COATCHECK_OUTPUT must be set',
  ],
  ['no file', ['nowhere.ts'], QUEUES, 'There is no processor at nowhere.ts'],
  [
    'a file without a processor',
    [resolve('test/support/delivery.ts')],
    QUEUES,
    'must export what processor() returns as handler. It exports deliveries, delivery, requestDelivery',
  ],
  [
    'a format without an output queue',
    [DOUBLING_PROCESSOR],
    { ...QUEUES, COATCHECK_OUTPUT: 'none', COATCHECK_OUTPUT_FORMAT: 'raw' },
    'COATCHECK_OUTPUT_FORMAT has no use without an output queue, got raw',
  ],
  [
    'an unknown kind of queue',
    [DOUBLING_PROCESSOR],
    { ...QUEUES, COATCHECK_INPUT: 'carrier-pigeon://loft' },
    'COATCHECK_INPUT must be the URL of a queue: one of',
  ],
  [
    'a queue in SQLite without a name',
    [DOUBLING_PROCESSOR],
    { ...QUEUES, COATCHECK_INPUT: 'sqlite:queues.db' },
    'A queue in SQLite is given as sqlite:.coatcheck/queues.db?queue=requests, got sqlite:queues.db',
  ],
  [
    'payloads somewhere else',
    [DOUBLING_PROCESSOR],
    { ...QUEUES, COATCHECK_PAYLOADS: 'ftp://host' },
    'COATCHECK_PAYLOADS must be s3://bucket or file:directory, got ftp://host',
  ],
])('%s is an error that says what is allowed', async (_, args, variables, expected) => {
  const worker = run(args, variables);
  expect(await worker.exit()).not.toBe(0);
  expect(worker.text).toContain(expected);
});

test('a processor in a package of CommonJS modules is an error that says how to change the package', async () => {
  await writeFile(join(folder.path, 'package.json'), '{"type":"commonjs"}');
  await writeFile(join(folder.path, 'processor.ts'), "import 'node:fs';\n");
  const worker = run(['processor.ts'], QUEUES);
  expect(await worker.exit()).not.toBe(0);
  expect(worker.text).toContain('Make the package an ES module: npm pkg set type=module');
});

test('a file of variables that is missing ends the program before it starts', async () => {
  const worker = run([DOUBLING_PROCESSOR, '--env-file', 'nowhere.env'], QUEUES);
  // Node looks for it, too (findings/node-looks-for-the-env-file-of-a-script.sh).
  expect(await worker.exit()).toBe(9);
  expect(worker.text).toContain('nowhere.env: not found');
});

test('a variable that doesn’t exist is refused in a file, and one of another program isn’t', async () => {
  await writeFile(join(folder.path, 'worker.env'), 'COATCHECK_CONCURENCY=3\nCOATCHECK_API_KEYS=key\n');
  const worker = run([DOUBLING_PROCESSOR, '--env-file', 'worker.env'], QUEUES);
  expect(await worker.exit()).not.toBe(0);
  expect(worker.text).toContain(
    'worker.env: COATCHECK_CONCURENCY is set, but nothing reads it: did you mean COATCHECK_CONCURRENCY?\n',
  );
});
