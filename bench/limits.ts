/**
 * A service in one process with limits by tenant, beside the same without: what limits cost that stop nothing, and how much of
 * what a limit allows is used while requests wait for it.
 */
import type { JobsOrder, JobsRun } from './limits/jobs-run.ts';
import { freshProcess, messageOf } from './support/fresh-process.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { median } from './support/statistics.ts';

const ROUNDS = lengthOf(7, 1);
const MANY = lengthOf(5_000, 50);
const SOME = lengthOf(2_000, 20);

interface Way extends JobsOrder {
  readonly name: string;
  /** The way that it is compared with, or what its limit allows, in jobs a second. */
  readonly beside: string | number;
}

const UNLIMITED = 'no limits';
const FIVE_SLOTS = 'no limits, but five slots';

const ALL = { jobs: MANY, tenants: 50, milliseconds: 0, concurrency: 32 };
const ONE = { jobs: SOME, tenants: 1, milliseconds: 10, concurrency: 32 };

const WAYS: readonly Way[] = [
  { name: UNLIMITED, ...ALL, limits: [], beside: UNLIMITED },
  {
    name: 'a concurrency and a rate that stop nothing',
    ...ALL,
    limits: [{ key: 'tenant', concurrency: 1_000, rate: '100000/s' }],
    beside: UNLIMITED,
  },
  { name: FIVE_SLOTS, ...ONE, limits: [], concurrency: 5, beside: FIVE_SLOTS },
  { name: 'five at a time', ...ONE, limits: [{ key: 'tenant', concurrency: 5 }], beside: FIVE_SLOTS },
  { name: '200 a second', ...ONE, limits: [{ key: 'tenant', rate: '200/s' }], beside: 200 },
];

await runBenchmark('Limits by tenant in one process', async (note): Promise<Report> => {
  const runs = WAYS.map(() => [] as JobsRun[]);
  for (let round = 1; round <= ROUNDS; round++) {
    note(`round ${round} of ${ROUNDS}`);
    for (const [index, way] of WAYS.entries()) runs[index]?.push(await runOf(way));
  }
  const figureOf = (name: string, figure: keyof JobsRun) => {
    const index = WAYS.findIndex((way) => way.name === name);
    return median((runs[index] ?? []).map((run) => run[figure]));
  };
  return {
    rows: WAYS.map(({ name, beside }, index) => {
      const perSecond = figureOf(name, 'perSecond');
      const base = typeof beside === 'number' ? beside : figureOf(beside, 'perSecond');
      return {
        way: name,
        'jobs/s': perSecond,
        beside,
        '%': (100 * perSecond) / base,
        'CPU µs a job': figureOf(name, 'cpuMicroseconds'),
        'most at a time': Math.max(...(runs[index] ?? []).map(({ mostAtATime }) => mostAtATime)),
        'times sent back': figureOf(name, 'sentBack'),
      };
    }),
    notes: [
      `Medians of ${ROUNDS} fresh processes, in turns. ${MANY} jobs of 50 tenants that do nothing wait in the file, with 32 slots; or ${SOME} of one tenant that take 10 ms. Measured from opening the service to the end of the last job. "Most at a time" is the largest number of jobs of one tenant that ran at once, in any round.`,
    ],
  };
});

async function runOf(way: Way): Promise<JobsRun> {
  const child = freshProcess(new URL('./limits/run-jobs.ts', import.meta.url), {
    args: [JSON.stringify(way)],
  });
  const run = (await messageOf(child)) as JobsRun;
  child.kill();
  return run;
}
