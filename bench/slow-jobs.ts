/** Jobs of 100 ms on RabbitMQ and NATS: a worker and async-processor. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SYSTEMS } from './loss/all-systems.ts';
import { VARIABLES } from './loss/job.ts';
import { SupervisedWorker } from './loss/supervised-worker.ts';
import type { System } from './loss/system.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { median } from './support/statistics.ts';

const ROUNDS = lengthOf(3, 1);
const JOBS = lengthOf(1_000, 10);
const JOB_MILLISECONDS = lengthOf(100, 1);

/** Requests that the worker handles at a time. It has no limit that a machine reaches; async-processor's is 10. */
const CONCURRENCY = 200;

/** The pairs to compare. The tests install nothing from another package index. */
const PAIRS = lengthOf(1, 0)
  ? [
      ['rabbitmq', 'async-processor-rabbitmq'],
      ['nats', 'async-processor-nats'],
    ]
  : [['nats']];

const LOOK_MILLISECONDS = 5;

await runBenchmark(`Jobs of ${JOB_MILLISECONDS} ms`, async (note): Promise<Report> => {
  const rates = new Map<string, number[]>();
  for (let round = 1; round <= ROUNDS; round++) {
    for (const key of PAIRS.flat()) {
      const system = SYSTEMS[key];
      if (!system) throw new Error(`There is no system ${key}`);
      note(`round ${round} of ${ROUNDS}: ${system.name}`);
      rates.set(system.name, [...(rates.get(system.name) ?? []), await rateOf(system)]);
    }
  }
  return {
    rows: [...rates].map(([system, each]) => ({ system, 'jobs/s': median(each) })),
    notes: [
      `Medians of ${ROUNDS} rounds, in turns: ${JOBS} jobs that are in the queue when the worker starts, from the start of the first to the end of the last. Coatcheck handles ${CONCURRENCY} at a time, async-processor as many as it can, 10. Both are one process.`,
    ],
  };
});

/** Jobs a second. */
async function rateOf(system: System): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-bench-'));
  const log = join(folder, 'effects');
  await writeFile(log, '');
  const running = await system.open(folder);
  for (let job = 0; job < JOBS; job++) await running.submit(job);
  const env = {
    ...running.worker.env,
    [VARIABLES.log]: log,
    [VARIABLES.milliseconds]: String(JOB_MILLISECONDS),
    COATCHECK_CONCURRENCY: String(CONCURRENCY),
  };
  const worker = new SupervisedWorker({ ...running.worker, env }, join(folder, 'worker.log'));
  worker.start();
  const linesReach = async (count: number) => {
    while ((await readFile(log, 'utf8')).split('\n').length <= count) await sleep(LOOK_MILLISECONDS);
    return performance.now();
  };
  const startedAt = (await linesReach(1)) - JOB_MILLISECONDS;
  const seconds = ((await linesReach(JOBS)) - startedAt) / 1000;
  await worker.stop();
  await running[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
  return JOBS / seconds;
}
