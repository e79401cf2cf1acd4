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
import { AMQP } from '../../lib/brokers/amqp.ts';
import { KAFKA } from '../../lib/brokers/kafka.ts';
import { NATS } from '../../lib/brokers/nats.ts';
import { PUBSUB } from '../../lib/brokers/pubsub.ts';
import { REDIS } from '../../lib/brokers/redis.ts';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';
import type { Broker } from '../../lib/core/ports/broker.ts';
import { recordKey } from '../../lib/stores/sqlite/record-store.ts';
import { SqliteFile } from '../../lib/stores/sqlite/sqlite-file.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { freePort } from '../local/free-port.ts';
import { available } from '../support/brokers/available.ts';
import { findKafka, startKafka } from '../support/brokers/kafka-server.ts';
import { findNatsServer, startNatsServer } from '../support/brokers/nats-server.ts';
import { PROJECT, PubSubAdmin } from '../support/brokers/pubsub-admin.ts';
import { findPubSubServer, startPubSubServer } from '../support/brokers/pubsub-server.ts';
import { findRabbitMq, startRabbitMq } from '../support/brokers/rabbitmq-server.ts';
import { findValkey, startRedis } from '../support/brokers/redis-server.ts';
import { collect, eventually } from '../support/eventually.ts';
import { outcomeEvent } from '../support/outcome-event.ts';
import { DOUBLING_PROCESSOR, SLICES_PROCESSOR, WorkerProcess } from '../support/worker-process.ts';

/** A running server, and the URLs of its queues. */
interface Running {
  readonly server: AsyncDisposable;
  readonly urlOf: (queue: string) => string;
  /** Environment variables of its clients. */
  readonly variables?: Readonly<Record<string, string>>;
}

async function startNats(program: string): Promise<Running> {
  const { server, port } = await startNatsServer(program);
  return { server, urlOf: (queue) => `nats://127.0.0.1:${port}?stream=${queue}&subject=${queue}` };
}

async function startRabbit(programs: string): Promise<Running> {
  const server = await startRabbitMq(programs);
  return { server, urlOf: (queue) => `amqp://127.0.0.1:${server.port}?queue=${queue}` };
}

async function startValkey(program: string): Promise<Running> {
  const { server, port } = await startRedis(program);
  return { server, urlOf: (queue) => `redis://127.0.0.1:${port}?stream=${queue}` };
}

async function startPubSub(program: string): Promise<Running> {
  const { server, port } = await startPubSubServer(program);
  await using admin = new PubSubAdmin(port);
  for (const name of ['requests', 'outcomes', 'letters']) await admin.create(name);
  const variables = { PUBSUB_EMULATOR_HOST: `127.0.0.1:${port}` };
  return { server, urlOf: (queue) => `pubsub://${PROJECT}/${queue}`, variables };
}

/** Its topics must exist. */
async function startKafkaWithTopics(classPath: string): Promise<Running> {
  const server = await startKafka(classPath);
  const topics = ['requests', 'outcomes', 'letters'].flatMap((name) => [{ name }, { name: `${name}.retry` }]);
  await server.createTopics(...topics);
  return { server, urlOf: (queue) => `kafka://127.0.0.1:${server.port}?topic=${queue}` };
}

interface Kind {
  readonly name: string;
  readonly broker: Broker;
  /** Undefined where the server can't be had. */
  readonly program: string | undefined;
  readonly start: (program: string) => Promise<Running>;
}

const KINDS: readonly Kind[] = [
  { name: 'NATS', broker: NATS, program: await available('NATS', findNatsServer), start: startNats },
  { name: 'RabbitMQ', broker: AMQP, program: await available('RabbitMQ', findRabbitMq), start: startRabbit },
  { name: 'Kafka', broker: KAFKA, program: await available('Kafka', findKafka), start: startKafkaWithTopics },
  { name: 'Valkey', broker: REDIS, program: await available('Valkey', findValkey), start: startValkey },
  {
    name: 'Pub/Sub',
    broker: PUBSUB,
    program: await available('Pub/Sub', findPubSubServer),
    start: startPubSub,
  },
];

describe.each(KINDS)('a worker on $name', ({ broker, program, start }) => {
  const logger = new CollectingLogger();
  let running: Running;
  let folder: string;

  beforeAll(async () => {
    if (program) running = await start(program);
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
    onTestFinished(() => worker[Symbol.dispose]());
    await worker.started();
    return worker;
  }

  async function stop(worker: WorkerProcess): Promise<void> {
    worker.child.kill('SIGTERM');
    expect(await worker.exit()).toBe(0);
  }

  async function send(...requests: readonly (readonly [id: string, body: string])[]): Promise<void> {
    const queue = await broker.openOutput(new URL(running.urlOf('requests')), { logger });
    const messages = requests.map(([id, body]) => ({
      body,
      attributes: { RequestId: { type: 'String', value: id } },
    }));
    expect(await queue.send(messages)).toEqual(messages.map(() => ({ sent: true })));
    await queue[Symbol.asyncDispose]();
  }

  async function receive(name: string, count: number): Promise<readonly ReceivedMessage[]> {
    const queue = await broker.openInput(new URL(running.urlOf(name)), {
      maxInFlight: 10,
      maxAttempts: 5,
      logger,
    });
    const messages = await collect(count, () => queue.receive(10, AbortSignal.timeout(1_000)));
    await Promise.all(messages.map((message) => message.ack()));
    await queue[Symbol.asyncDispose]();
    return messages;
  }

  /** The outcomes of so many requests, by request. */
  async function outcomes(count: number): Promise<Readonly<Record<string, unknown>>> {
    const events = (await receive('outcomes', count)).map((message) => outcomeEvent(message));
    return Object.fromEntries(events.map(({ subject, data }) => [subject, data]));
  }

  test.runIf(program)('publishes outcomes and dead letters', async () => {
    const worker = await startWorker(DOUBLING_PROCESSOR);
    // The second handler fails, since there is nothing to double.
    await send(['r-1', '{"number":21}'], ['r-2', 'null']);
    expect(await outcomes(2)).toMatchObject({
      'r-1': { double: 42 },
      'r-2': { code: 'attempts_exhausted' },
    });
    expect(await receive('letters', 1)).toMatchObject([
      { body: 'null', attributes: { RequestId: 'r-2', DeadLetterAttempts: '1' } },
    ]);
    await stop(worker);
  });

  test.runIf(program)('continues in another worker what it suspends at a checkpoint', async () => {
    const first = await startWorker(SLICES_PROCESSOR);
    await send(['r-3', '{"upTo":15}']);
    await eventually(async () => expect(await recordOf(folder, 'r-3')).toContain('"number":3'));
    await stop(first);
    expect(first.logged('Request suspended at a checkpoint')).toHaveLength(1);
    const second = await startWorker(SLICES_PROCESSOR);
    expect(await outcomes(1)).toEqual({ 'r-3': Array(15).fill(1) });
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
    expect(await outcomes(1)).toEqual({ 'r-4': { words: 6, characters: 18 } });
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
