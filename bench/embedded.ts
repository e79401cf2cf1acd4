/** A service in one process and BullMQ on Valkey: no-op jobs a second, and the time from handing in a job to its start. */
import { installJsPeers } from '../test/support/peers/js.ts';
import { type JobTimes, jobTimesOf } from './embedded/job-times.ts';
import { type REDIS_SERVERS, startRedisServer } from './loss/queues/redis.ts';
import { freshProcess, messageOf } from './support/fresh-process.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { median } from './support/statistics.ts';

const ROUNDS = lengthOf(7, 1);
const JOBS = lengthOf(5_000, 50);
const SINGLE_JOBS = lengthOf(200, 5);
const CONCURRENCY = 32;

/** What is compared: programs and the servers that they need. */
const WAYS: readonly Way[] = [
  { name: 'Coatcheck, SQLite', program: './embedded/coatcheck.ts' },
  { name: 'the same, with a write by the handler', program: './embedded/coatcheck.ts', writes: 'handler' },
  { name: 'the same, with a write by complete()', program: './embedded/coatcheck.ts', writes: 'complete' },
  { name: 'BullMQ 6.7.0, Valkey everysec', program: './embedded/bullmq.ts', server: 'Valkey everysec' },
  { name: 'BullMQ 6.7.0, Valkey always', program: './embedded/bullmq.ts', server: 'Valkey always' },
];

interface Way {
  readonly name: string;
  readonly program: string;
  readonly server?: keyof typeof REDIS_SERVERS;
  /** What writes a row for each job. @default - nothing */
  readonly writes?: 'handler' | 'complete';
}

/** The figures of a run, with the CPU time of the server. */
interface Run extends JobTimes {
  readonly serverCpuMicroseconds: number;
}

await runBenchmark('Jobs in one process', async (note): Promise<Report> => {
  const { folder } = await installJsPeers('queues-js');
  const runs = WAYS.map(() => [] as Run[]);
  for (let round = 1; round <= ROUNDS; round++) {
    note(`round ${round} of ${ROUNDS}`);
    for (const [index, way] of WAYS.entries()) runs[index]?.push(await runOf(way, folder));
  }
  return {
    rows: WAYS.map(({ name }, index) => {
      const of = (figure: keyof Run) => median((runs[index] ?? []).map((run) => run[figure]));
      return {
        way: name,
        'jobs/s': of('perSecond'),
        'CPU µs a job': of('cpuMicroseconds'),
        'of the server': of('serverCpuMicroseconds'),
        'start p50 ms': of('startP50'),
        'start p99 ms': of('startP99'),
      };
    }),
    notes: [
      `Medians of ${ROUNDS} fresh processes, in turns. ${JOBS} jobs that do nothing are handed in, 100 at a time, while ${CONCURRENCY} run at a time, from the first call to the last start. Then ${SINGLE_JOBS} jobs, one after another: from the call that hands a job in to the start of its handler.`,
      'A write is one row in a table of the same file: by the handler in a transaction of its own, on a connection of its own that waits for the disk, or by complete() in the transaction of the outcome.',
      'SQLite confirms what is on the disk, and so does Valkey with appendfsync always. With everysec Valkey confirms what is in memory and writes it to the disk every second.',
    ],
  };
});

async function runOf({ program, server: kind, writes }: Way, peers: string): Promise<Run> {
  const running = kind && (await startRedisServer(kind));
  const cpuBefore = (await running?.cpuSeconds()) ?? 0;
  const child = freshProcess(new URL(program, import.meta.url), {
    args: [JOBS, SINGLE_JOBS, CONCURRENCY, running?.port ?? 0, peers, writes ?? ''].map(String),
  });
  const times = jobTimesOf(await messageOf(child));
  child.kill();
  const serverCpu = ((await running?.cpuSeconds()) ?? 0) - cpuBefore;
  running?.client.destroy();
  await running?.server[Symbol.asyncDispose]();
  return { ...times, serverCpuMicroseconds: (1e6 * serverCpu) / JOBS };
}
