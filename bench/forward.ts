/** A worker that forwards to an HTTP service, beside calls of the same service without a worker. */

import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { forwardTo } from '../lib/http/forward-to.ts';
import { SqliteRecordStore } from '../lib/stores/sqlite/record-store.ts';
import { SqliteBroker } from '../lib/stores/sqlite/sqlite-broker.ts';
import { freshProcess, messageOf } from './support/fresh-process.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { silentLogger } from './support/silent-logger.ts';
import { median, quantile } from './support/statistics.ts';
import { runWorker } from './worker/ways.ts';

const ROUNDS = lengthOf(7, 1);
const CALLS = lengthOf(3_000, 20);
/** More than the service handles at a time, so that it is never idle. */
const CONCURRENCY = 32;

const PAYLOAD = JSON.stringify({ text: 'to be or not to be' });

interface Run {
  readonly perSecond: number;
  readonly milliseconds: number;
  readonly cpuMicroseconds: number;
}

await runBenchmark('Forwarding to an HTTP service', async (note): Promise<Report> => {
  const service = freshProcess(new URL('./forward/service.ts', import.meta.url));
  const url = `http://127.0.0.1:${await messageOf(service)}/`;
  const ways = { 'calls without a worker': callDirectly, 'a worker on SQLite': forward };
  const runs = new Map(Object.keys(ways).map((name) => [name, [] as Run[]]));
  for (let round = 1; round <= ROUNDS; round++) {
    note(`round ${round} of ${ROUNDS}`);
    for (const [name, way] of Object.entries(ways)) runs.get(name)?.push(await timed(way, url));
  }
  service.disconnect();
  return {
    rows: [...runs].map(([name, all]) => ({
      way: name,
      'calls/s': median(all.map(({ perSecond }) => perSecond)),
      'call p50 ms': median(all.map(({ milliseconds }) => milliseconds)),
      'CPU µs a call': median(all.map(({ cpuMicroseconds }) => cpuMicroseconds)),
    })),
    notes: [
      `${ROUNDS} rounds of ${CALLS} calls each, ${CONCURRENCY} at a time, the ways in turns; medians. The service handles 16 calls at a time, each in 10 ms, and runs in a process of its own. A worker also receives, records and publishes each request; the time of a call is that of its handler. CPU is that of the caller.`,
    ],
  };
});

async function timed(way: (url: string, durations: number[]) => Promise<void>, url: string): Promise<Run> {
  const durations: number[] = [];
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await way(url, durations);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: CALLS / seconds,
    milliseconds: quantile(durations, 0.5),
    cpuMicroseconds: (user + system) / CALLS,
  };
}

async function callDirectly(url: string, durations: number[]): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  let left = CALLS;
  const loop = async () => {
    while (left-- > 0) {
      const startedAt = performance.now();
      await call(url, agent);
      durations.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, loop));
  agent.destroy();
}

function call(url: string, agent: Agent): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { 'content-type': 'application/json', 'content-length': PAYLOAD.length };
  httpRequest(url, { method: 'POST', agent, headers }, (response) => resolve(text(response)))
    .on('error', reject)
    .end(PAYLOAD);
  return promise;
}

async function forward(url: string, durations: number[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-bench-'));
  const broker = new SqliteBroker(Date);
  const options = { maxInFlight: 2 * CONCURRENCY, maxAttempts: 5, logger: silentLogger };
  const queueUrl = (queue: string) => new URL(`sqlite:${join(folder, 'queues.db')}?queue=${queue}`);
  const requests = await broker.openOutput(queueUrl('requests'));
  const message = { body: PAYLOAD, attributes: {} };
  for (let sent = 0; sent < CALLS; sent += 100) {
    await requests.send(Array(Math.min(100, CALLS - sent)).fill(message));
  }
  const parts = {
    input: await broker.openInput(queueUrl('requests'), options),
    output: await broker.openOutput(queueUrl('outcomes')),
    records: new SqliteRecordStore(await broker.openFile(new URL(`sqlite:${join(folder, 'records.db')}`))),
  };
  const handler = forwardTo(url);
  await runWorker(
    parts,
    CALLS,
    async (request) => {
      const startedAt = performance.now();
      const response = (await handler(request)) as Response;
      const body = Buffer.from(await response.arrayBuffer());
      durations.push(performance.now() - startedAt);
      return body;
    },
    CONCURRENCY,
  );
  await broker[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}
