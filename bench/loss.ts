/** Counts what systems lose while their workers and brokers are killed at random moments. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Semaphore } from '../lib/core/base/semaphore.ts';
import { SYSTEMS } from './loss/all-systems.ts';
import { type LossRun, runLoss } from './loss/run-loss.ts';
import { type Kill, scheduleOf } from './loss/schedule.ts';
import type { System } from './loss/system.ts';
import { lengthOf } from './support/length.ts';
import { type Report, type Row, runBenchmark } from './support/report.ts';

const { values: options } = parseArgs({
  options: {
    jobs: { type: 'string', default: String(lengthOf(2_000, 100)) },
    kills: { type: 'string', default: String(lengthOf(10, 1)) },
    seed: { type: 'string', default: '1' },
    systems: {
      type: 'string',
      default: lengthOf(1, 0) ? Object.keys(SYSTEMS).join(',') : 'sqlite,nats',
    },
    /** Keeps the files of each system. */
    keep: { type: 'boolean' },
    json: { type: 'boolean' },
  },
});
const [JOBS, KILLS, SEED] = [wholeNumber('jobs'), wholeNumber('kills'), wholeNumber('seed')];

/** Systems that run at the same time. In the tests they wait for leases that expire, not for the processor. */
const AT_A_TIME = lengthOf(1, 5);

await runBenchmark(
  `Losses of ${JOBS} jobs and ${KILLS} kills, seed ${SEED}`,
  async (note): Promise<Report> => {
    const kills = scheduleOf(SEED, KILLS, JOBS);
    const turns = new Semaphore(AT_A_TIME);
    const runs = await Promise.all(
      selected().map((system) =>
        turns.run({}, async () => [system, await runOf(system, kills, note)] as const),
      ),
    );
    if (runs.some(([system, run]) => system.isPromised && brokenPromises(run) > 0)) process.exitCode = 1;
    return {
      rows: runs.map(rowOf),
      notes: [
        'A kill is SIGKILL to all processes of the worker, of the broker, or of both; they are started again at once on their data. Each kill waits until the worker works again.',
        ...runs.flatMap(([{ name }, { halfway }]) =>
          halfway
            ? [
                `${name}, in the middle: accepted ${halfway.accepted} = ended ${halfway.ended} + in flight ${halfway.inFlight} + missing ${halfway.missing}`,
              ]
            : [],
        ),
      ],
    };
  },
);

async function runOf(system: System, kills: readonly Kill[], note: (text: string) => void): Promise<LossRun> {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-loss-'));
  const run = await runLoss(system, kills, JOBS, { folder, note });
  if (options.keep) console.error(`${system.name}: ${folder}`);
  else await rm(folder, { recursive: true, force: true });
  return run;
}

/** Jobs that a system which loses nothing doesn't have. A job may run twice: that is promised to happen. */
function brokenPromises({ lost, stuck, unreported, wrong, halfway }: LossRun): number {
  return lost + stuck + unreported + wrong + (halfway?.missing ?? 0);
}

function rowOf([{ name }, run]: readonly [System, LossRun]): Row {
  return {
    system: name,
    accepted: run.accepted,
    lost: run.lost,
    stuck: run.stuck,
    unreported: run.unreported,
    twice: run.twice,
    wrong: run.wrong,
    'kills of worker, broker, both': `${run.kills.worker}, ${run.kills.broker}, ${run.kills.both}`,
    unanswered: run.unanswered,
    ended: run.ends,
    hung: run.hangs,
    s: Math.round(run.seconds),
  };
}

/** @throws RangeError for an unknown system */
function selected(): System[] {
  return options.systems.split(',').map((name) => {
    const system = SYSTEMS[name];
    if (system) return system;
    throw new RangeError(`--systems must be of ${Object.keys(SYSTEMS).join(', ')}, got ${name}`);
  });
}

/** @throws RangeError for an invalid option */
function wholeNumber(name: 'jobs' | 'kills' | 'seed'): number {
  const value = Number(options[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`--${name} must be a whole number of at least 1, got ${options[name]}`);
}
