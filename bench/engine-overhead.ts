/** The engine's time a message, beside a bare loop that does the same work. AWS is answered in process. */
import { BATCH_SIZES, type WayTimes } from './engine-overhead/times.ts';
import { WAYS, type WayName } from './engine-overhead/ways.ts';
import { freshProcess, messageOf } from './support/fresh-process.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { median } from './support/statistics.ts';

const ROUNDS = lengthOf(5, 1);
const NAMES = Object.keys(WAYS) as WayName[];

await runBenchmark("The engine's time a message", async (note): Promise<Report> => {
  const rounds: Record<WayName, WayTimes>[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    note(`round ${round} of ${ROUNDS}`);
    const times = [];
    for (const name of NAMES) times.push([name, await timesOf(name)] as const);
    rounds.push(Object.fromEntries(times) as Record<WayName, WayTimes>);
  }
  const rows = BATCH_SIZES.map((batchSize) => {
    const of = (name: WayName) => rounds.map((times) => times[name][batchSize] ?? Number.NaN);
    return {
      'messages a batch': batchSize,
      'bare loop µs': median(of('bare')),
      'engine on AWS ports µs': median(of('engine')),
      'beyond bare µs': median(of('engine')) - median(of('bare')),
      'lowest, highest': lowestAndHighest(of('engine').map((time, round) => time - (of('bare')[round] ?? 0))),
      'engine alone µs': median(of('engine in memory')),
    };
  });
  return {
    rows,
    notes: [
      `Microseconds a message: of each of ${ROUNDS} fresh processes the median batch, and of those the median. Beyond bare is what the engine adds, with decoding, limits, CloudEvents and a log line a batch; alone is the engine on ports that do nothing.`,
      'Aim: under 100 µs of engine time a message in batches of ten.',
    ],
  };
});

async function timesOf(name: WayName): Promise<WayTimes> {
  const child = freshProcess(new URL('engine-overhead/time-way.ts', import.meta.url), { args: [name] });
  return (await messageOf(child)) as WayTimes;
}

function lowestAndHighest(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
}
