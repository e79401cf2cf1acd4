/** The HTTP API's time for a small request, in its own code and in the SDK. AWS is simulated in process. */
import type { Quantiles, SubmitTimes } from './submit/times.ts';
import { WAYS, type WayName } from './submit/ways.ts';
import { freshProcess, messageOf } from './support/fresh-process.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';

const ROUNDS = lengthOf(7, 1);
const NAMES = Object.keys(WAYS) as WayName[];

await runBenchmark('The time of a submit', async (note): Promise<Report> => {
  const rounds: Record<WayName, SubmitTimes>[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    note(`round ${round} of ${ROUNDS}`);
    const times = [];
    for (const name of NAMES) times.push([name, await timesOf(name)] as const);
    rounds.push(Object.fromEntries(times) as Record<WayName, SubmitTimes>);
  }
  const rows = NAMES.map((name) => {
    const of = (part: keyof SubmitTimes, quantile: keyof Quantiles) =>
      Math.min(...rounds.map((times) => times[name][part][quantile]));
    return {
      way: name,
      'p50 µs': of('all', 'p50'),
      'in the SDK': of('sdk', 'p50'),
      'outside it': of('own', 'p50'),
      'p99 µs': of('all', 'p99'),
      'p99, in the SDK': of('sdk', 'p99'),
      'p99, outside it': of('own', 'p99'),
    };
  });
  return {
    rows,
    notes: [
      `Microseconds from API Gateway's event to its answer, one submit after another. Each figure is the best of ${ROUNDS} fresh processes, since other load only adds time. In the SDK is the time of its two calls (three with a key) to an AWS that answers at once; outside it is everything else. The columns don't add up.`,
    ],
  };
});

async function timesOf(name: WayName): Promise<SubmitTimes> {
  const child = freshProcess(new URL('submit/time-way.ts', import.meta.url), { args: [name] });
  return (await messageOf(child)) as SubmitTimes;
}
