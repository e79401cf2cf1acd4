import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import { eachPriority, PRIORITIES, type Priority } from '../../lib/core/model/priority.ts';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';
import type { InputQueue } from '../../lib/core/ports/message-source.ts';
import { recordKey } from '../../lib/stores/sqlite/record-store.ts';
import { SqliteFile } from '../../lib/stores/sqlite/sqlite-file.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { LanedQueue } from '../../lib/worker/laned-queue.ts';
import { freePort } from '../local/free-port.ts';
import { KINDS, type RunningBroker } from '../support/brokers/kinds.ts';
import { collect, eventually } from '../support/eventually.ts';
import { outcomeEvent } from '../support/outcome-event.ts';
import { DOUBLING_PROCESSOR, SLICES_PROCESSOR, WorkerProcess } from '../support/worker-process.ts';

describe.each(KINDS)('a worker on $name', ({ broker, program, start }) => {
  const logger = new CollectingLogger();
  let running: RunningBroker;
  let folder: string;

  beforeAll(async () => {
    if (!program) return;
    running = await start(program);
    for (const queue of ['requests', 'outcomes', 'letters']) await running.create?.(queue);
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coatcheck-worker-'));
    for (const [name, value] of Object.entries(running.variables ?? {})) vi.stubEnv(name, value);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });
  afterAll(() => running?.server[Symbol.asyncDispose]());

  /** Starts a worker with its records in the folder, where the next one finds them. */
  async function startWorker(...args: readonly string[]): Promise<WorkerProcess> {
    const worker = new WorkerProcess(folder, args, {
      COATCHECK_INPUT: running.urlOf('requests'),
      COATCHECK_OUTPUT: running.urlOf('outcomes'),
      COATCHECK_DEAD_LETTERS: running.urlOf('letters'),
      COATCHECK_MAX_ATTEMPTS: '1',
      ...running.variables,
    });
    onTestFinished(() => worker.kill());
    await worker.started();
    return worker;
  }

  async function stop(worker: WorkerProcess): Promise<void> {
    worker.child.kill('SIGTERM');
    expect(await worker.exit()).toBe(0);
  }

  async function send(
    ...requests: readonly (readonly [
      id: string,
      body: string,
      attributes?: Readonly<Record<string, string>>,
    ])[]
  ): Promise<void> {
    const queue = await broker.openOutput(new URL(running.urlOf('requests')), { logger });
    const messages = requests.map(([id, body, attributes]) => ({
      body,
      attributes: Object.fromEntries(
        Object.entries({ RequestId: id, ...attributes }).map(([name, value]) => [
          name,
          { type: 'String', value },
        ]),
      ),
    }));
    expect(await queue.send(messages)).toEqual(messages.map(() => ({ sent: true })));
    await queue[Symbol.asyncDispose]();
  }

  /** Takes messages from a queue until one has come of each of these requests. What comes again is taken too. */
  async function receive(
    name: string,
    ids: readonly string[],
    idOf: (message: ReceivedMessage) => string | undefined,
  ): Promise<readonly ReceivedMessage[]> {
    const queue = await broker.openInput(new URL(running.urlOf(name)), {
      maxInFlight: 10,
      maxAttempts: 5,
      logger,
    });
    const received = new Map<string | undefined, ReceivedMessage>();
    await eventually(async () => {
      const messages = await queue.receive(10, AbortSignal.timeout(1_000));
      for (const message of messages) received.set(idOf(message), message);
      await Promise.all(messages.map((message) => message.ack()));
      for (const id of ids) expect([...received.keys()]).toContain(id);
    });
    await queue[Symbol.asyncDispose]();
    return ids.flatMap((id) => received.get(id) ?? []);
  }

  /** The outcomes of requests, by request. */
  async function outcomes(...ids: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
    const messages = await receive('outcomes', ids, (message) => outcomeEvent(message).subject);
    const events = messages.map((message) => outcomeEvent(message));
    return Object.fromEntries(events.map(({ subject, data }) => [subject, data]));
  }

  test.runIf(program)('receives from a queue for each priority, and settles each message there', async () => {
    const names = eachPriority((priority) => `lane-${priority}`);
    for (const priority of PRIORITIES) await running.create?.(names[priority]);
    const open = async () => {
      // All messages are held at once: RabbitMQ delivers no more than that without an acknowledgement.
      const options = { maxInFlight: 36, maxAttempts: 5, logger };
      const lanes: Partial<Record<Priority, InputQueue>> = {};
      for (const priority of PRIORITIES) {
        lanes[priority] = await broker.openInput(new URL(running.urlOf(names[priority])), options);
      }
      return new LanedQueue(lanes, Math.random);
    };
    let queue = await open();
    for (const priority of PRIORITIES) {
      await using output = await broker.openOutput(new URL(running.urlOf(names[priority])), { logger });
      const messages = Array.from({ length: 12 }, (_, index) => ({
        body: `${priority} ${index}`,
        attributes: {},
      }));
      expect(await output.send(messages)).toEqual(messages.map(() => ({ sent: true })));
    }
    const received = await collect(36, () => queue.receive(5, AbortSignal.timeout(1_000)));
    expect(new Set(received.map(({ body }) => body)).size).toBe(36);
    expect(received.every(({ body, lane = 'normal' }) => body.startsWith(lane))).toBe(true);
    const [back, ...settled] = received;
    await Promise.all(settled.map((message) => message.ack()));
    await back?.retryAfter(0);
    const again = await collect(1, () => queue.receive(5, AbortSignal.timeout(1_000)));
    expect(again.map(({ body }) => body)).toEqual([back?.body]);
    await again[0]?.ack();
    await queue[Symbol.asyncDispose]();
    queue = await open();
    expect(await queue.receive(5, AbortSignal.timeout(500))).toEqual([]);
    await queue[Symbol.asyncDispose]();
  });

  test.runIf(program)('publishes outcomes and dead letters', async () => {
    const worker = await startWorker(DOUBLING_PROCESSOR);
    // The second handler fails, since there is nothing to double.
    await send(['r-1', '{"number":21}'], ['r-2', 'null']);
    expect(await outcomes('r-1', 'r-2')).toMatchObject({
      'r-1': { double: 42 },
      'r-2': { code: 'attempts_exhausted' },
    });
    expect(await receive('letters', ['r-2'], ({ attributes }) => attributes.RequestId)).toMatchObject([
      { body: 'null', attributes: { RequestId: 'r-2', DeadLetterAttempts: '1' } },
    ]);
    await stop(worker);
  });

  test.runIf(program)('puts a message back that must not start yet, at no attempt', async () => {
    const worker = await startWorker(DOUBLING_PROCESSOR);
    const notBefore = Date.now() + 6_000;
    await send(
      ['r-5', '{"number":1}', { NotBefore: new Date(notBefore).toISOString() }],
      ['r-6', '{"number":2}'],
    );
    expect(await outcomes('r-6')).toEqual({ 'r-6': { double: 4 } });
    await eventually(() => expect(worker.logged('Request put back until its time')).not.toEqual([]));
    expect(await outcomes('r-5')).toEqual({ 'r-5': { double: 2 } });
    expect(Date.now()).toBeGreaterThanOrEqual(notBefore);
    await stop(worker);
  });

  test.runIf(program)('continues in another worker what it suspends at a checkpoint', async () => {
    const first = await startWorker(SLICES_PROCESSOR);
    await send(['r-3', '{"upTo":40}']);
    await eventually(async () => expect(await recordOf(folder, 'r-3')).toContain('"number":3'));
    await stop(first);
    expect(first.logged('Request suspended at a checkpoint')).not.toEqual([]);
    const second = await startWorker(SLICES_PROCESSOR);
    expect(await outcomes('r-3')).toEqual({ 'r-3': Array(40).fill(1) });
    await stop(second);
  });

  test.runIf(program)('forwards to a service in another language', async () => {
    const port = await freePort();
    const service = spawn('python3', ['examples/python-service/service.py', String(port)], {
      stdio: 'ignore',
    });
    onTestFinished(() => void service.kill('SIGKILL'));
    const worker = await startWorker(
      '--forward',
      `http://127.0.0.1:${port}/process`,
      '--forward-ready',
      '/health',
    );
    await send(['r-4', 'to be or not to be']);
    expect(await outcomes('r-4')).toEqual({ 'r-4': { words: 6, characters: 18 } });
    await stop(worker);
  });
});

/** The text of a request's record in the folder of a worker; empty before there is one. */
async function recordOf(folder: string, id: string): Promise<string> {
  await using file = await SqliteFile.open(join(folder, '.coatcheck', 'records.db'));
  const row = file.statement('SELECT record FROM records WHERE key = :key').get({
    key: recordKey({ id, source: '' }),
  });
  return String(row?.record ?? '');
}
