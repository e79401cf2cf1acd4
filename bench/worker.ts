/**
 * A worker on each broker: messages a second beside loops over the same queues, without and with records, and the time from
 * sending a request to the start of its handler.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutputMessage } from '../lib/core/ports/message-sink.ts';
import { SqliteRecordStore } from '../lib/stores/sqlite/record-store.ts';
import { SqliteBroker } from '../lib/stores/sqlite/sqlite-broker.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { silentLogger } from './support/silent-logger.ts';
import { median, quantile } from './support/statistics.ts';
import { BROKERS, type RunningBroker } from './worker/queues.ts';
import { CONCURRENCY, type Parts, runLoop, runRecordingLoop, runWorker } from './worker/ways.ts';

const ROUNDS = lengthOf(5, 1);
const MESSAGES = lengthOf(5_000, 20);

/** The others take a minute to start. */
const NAMES = lengthOf(1, 0) ? Object.keys(BROKERS) : ['SQLite', 'NATS'];

/** Jobs that are sent together, and how long each takes. */
const JOBS = 10;
const JOB_MILLISECONDS = lengthOf(100, 1);
const JOB_ROUNDS = lengthOf(20, 1);

/** Messages that are sent in one call. */
const SEND = 100;

const WAYS = {
  loop: runLoop,
  recording: runRecordingLoop,
  worker: (parts: Parts, count: number) => runWorker(parts, count, () => undefined),
};

type Way = keyof typeof WAYS;

interface Run {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

await runBenchmark('A worker', async (note): Promise<Report> => {
  const rows = [];
  for (const name of NAMES) {
    const folder = await mkdtemp(join(tmpdir(), 'coatcheck-bench-'));
    const running = await BROKERS[name]?.(folder);
    if (!running) continue;
    const runs: Record<Way, Run[]> = { loop: [], recording: [], worker: [] };
    for (let round = 1; round <= ROUNDS; round++) {
      note(`${name}: round ${round} of ${ROUNDS}`);
      for (const way of ['loop', 'recording', 'worker'] as const) {
        runs[way].push(await timed(running, folder, way));
      }
    }
    note(`${name}: waits`);
    const waits = await waitsOf(running, folder);
    await running.stop();
    await rm(folder, { recursive: true, force: true });
    const perSecond = (way: Way) => median(runs[way].map((run) => run.perSecond));
    const cpu = (way: Way) => median(runs[way].map((run) => run.cpuMicroseconds));
    rows.push({
      broker: name,
      'loop, messages/s': perSecond('loop'),
      'with records': perSecond('recording'),
      worker: perSecond('worker'),
      'of the loop %': (100 * perSecond('worker')) / perSecond('loop'),
      'with records %': (100 * perSecond('worker')) / perSecond('recording'),
      'loop, CPU µs': cpu('loop'),
      'with records, CPU µs': cpu('recording'),
      'worker, CPU µs': cpu('worker'),
      'wait p50 ms': quantile(waits, 0.5),
      'wait p99 ms': quantile(waits, 0.99),
    });
  }
  return {
    rows,
    notes: [
      `${ROUNDS} rounds of ${MESSAGES} messages each, the ways in turns, at a concurrency of ${CONCURRENCY}; medians. The loop receives, publishes and acknowledges batches and keeps no records. With records, it also writes two records a message to SQLite, synced to the disk before it works and before it publishes, as a worker does. CPU is that of the process, without the server's.`,
      `Wait: from sending a request to the start of its handler, ${JOB_ROUNDS} times ${JOBS} jobs of ${JOB_MILLISECONDS} ms sent together.`,
      'Valkey syncs its file every second, SQLite at every commit, NATS, Kafka and RabbitMQ by their own settings.',
    ],
  };
});

async function openParts({ broker, urlOf, create }: RunningBroker, folder: string, name: string) {
  for (const queue of [`${name}-in`, `${name}-out`]) await create?.(queue);
  const records = new SqliteBroker(Date);
  const output = await broker.openOutput(urlOf(`${name}-out`), { logger: silentLogger });
  const parts: Parts = {
    output,
    input: await broker.openInput(urlOf(`${name}-in`), {
      maxInFlight: 2 * CONCURRENCY,
      maxAttempts: 5,
      logger: silentLogger,
    }),
    records: new SqliteRecordStore(await records.openFile(new URL(`sqlite:${join(folder, `${name}.db`)}`))),
  };
  const close = async () => {
    await output[Symbol.asyncDispose]();
    await records[Symbol.asyncDispose]();
  };
  return { parts, close };
}

async function timed(running: RunningBroker, folder: string, way: Way): Promise<Run> {
  const name = `bench-${crypto.randomUUID()}`;
  const { parts, close } = await openParts(running, folder, name);
  await send(running, `${name}-in`, MESSAGES);
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await WAYS[way](parts, MESSAGES);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await close();
  return { perSecond: MESSAGES / seconds, cpuMicroseconds: (user + system) / MESSAGES };
}

async function waitsOf(running: RunningBroker, folder: string): Promise<number[]> {
  const name = `bench-${crypto.randomUUID()}`;
  const { parts, close } = await openParts(running, folder, name);
  const waits: number[] = [];
  const working = runWorker(parts, JOBS * JOB_ROUNDS, async (request) => {
    waits.push(Date.now() - Number(await request.text()));
    await sleep(JOB_MILLISECONDS);
  });
  for (let round = 0; round < JOB_ROUNDS; round++) {
    await send(running, `${name}-in`, JOBS);
    await sleep(2 * JOB_MILLISECONDS);
  }
  await working;
  await close();
  return waits;
}

/** Sends messages whose bodies are the time. */
async function send({ broker, urlOf }: RunningBroker, queue: string, count: number): Promise<void> {
  const output = await broker.openOutput(urlOf(queue), { logger: silentLogger });
  for (let sent = 0; sent < count; sent += SEND) {
    const messages = Array.from(
      { length: Math.min(SEND, count - sent) },
      (): OutputMessage => ({
        body: String(Date.now()),
        attributes: { RequestId: { type: 'String', value: crypto.randomUUID() } },
      }),
    );
    const results = await output.send(messages);
    if (!results.every((result) => result.sent)) throw new Error('A message was not sent');
  }
  await output[Symbol.asyncDispose]();
}
