/** The depth of a queue over time: simulated by `coatcheck plan`, and measured for a burst on a local AWS. */
import { join } from 'node:path';
import { localClients } from '../lib/local/clients.ts';
import { deploy } from '../lib/local/deployment.ts';
import { readLocalSettings } from '../lib/local/environment.ts';
import { LOCAL_FOLDER } from '../lib/local/folder.ts';
import { withLocalAws } from '../lib/local/with-local-aws.ts';
import { type Moment, simulate } from '../lib/planner/simulation.ts';
import { SCENARIOS, type Scenario } from './plan/scenarios.ts';
import { type Burst, type Depth, doneSeconds, drainedSeconds, measureBurst } from './support/burst.ts';
import { lengthOf } from './support/length.ts';
import { type Report, type Row, runBenchmark } from './support/report.ts';

/** Rounds; a round with an incomplete batch takes too long, and at least one of these has none. */
const ROUNDS = lengthOf(5, 1);

const FOLDER = join(LOCAL_FOLDER, 'bench-plan');

await runBenchmark('A surge, simulated and measured', (note) =>
  withLocalAws({ ...readLocalSettings(process.env), folder: FOLDER }, async ({ endpoint }) => {
    note('deploying');
    const stacks = await deploy({ endpoint, folder: FOLDER, app: 'node bench/plan/app.ts' });
    const { sqs } = localClients(endpoint);
    const rows: Row[] = [];
    for (const scenario of SCENARIOS) {
      note(scenario.name);
      const queueUrl = stacks.BenchPlan?.[`${scenario.name}Queue`] ?? '';
      const body = JSON.stringify({ waitSeconds: scenario.serviceSeconds });
      const oneRound = () =>
        measureBurst(sqs, queueUrl, scenario.maxConcurrency * scenario.batchSize, body).then(doneSeconds);
      await oneRound(); // warms up
      const roundSeconds = await bestOf(ROUNDS, oneRound);
      const burst = await measureBurst(sqs, queueUrl, scenario.requests, body);
      rows.push(compare(scenario, burst, roundSeconds));
    }
    return report(rows);
  }),
);

async function bestOf(times: number, measure: () => Promise<number>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let time = 0; time < times; time++) best = Math.min(best, await measure());
  return best;
}

function report(rows: readonly Row[]): Report {
  return {
    rows,
    notes: [
      'Drained: seconds from the first message until no message waits. Depth off: the distance between the simulated and the measured number of waiting messages, averaged over all readings, in per cent of the burst.',
      `The first simulation knows only when messages were sent, the number of batches at a time, and that a batch takes its service time. The second uses the measured time of one round, the best of ${ROUNDS}, which includes the time that the local AWS needs to invoke the function.`,
    ],
  };
}

function compare(scenario: Scenario, burst: Burst, roundSeconds: number): Row {
  const { batchSize, concurrency, serviceSeconds, requests } = scenario;
  const batchSeconds = Math.ceil(batchSize / concurrency) * serviceSeconds;
  const byServiceTime = simulatedBurst(scenario, burst, batchSeconds);
  const byRound = simulatedBurst(scenario, burst, roundSeconds);
  const measured = drainedSeconds(burst.depths);
  const offBy = (depths: readonly Depth[]) =>
    `${(100 * (drainedSeconds(depths) / measured - 1)).toFixed(1)}%`;
  return {
    'batches at a time': `${scenario.maxConcurrency} of ${batchSize}, ${batchSeconds} s`,
    requests,
    'drained s': measured,
    simulated: drainedSeconds(byServiceTime),
    off: offBy(byServiceTime),
    'depth off %': (100 * meanDifference(burst.depths, byServiceTime)) / requests,
    'measured round s': roundSeconds,
    'simulated with it': drainedSeconds(byRound),
    'off, with it': offBy(byRound),
    'depth off, with it %': (100 * meanDifference(burst.depths, byRound)) / requests,
  };
}

/** Simulates the same burst, with messages arriving when they were sent. */
function simulatedBurst(scenario: Scenario, { sent }: Burst, batchSeconds: number): Moment[] {
  const batches = scenario.maxConcurrency;
  const moments = simulate({
    batchSize: scenario.batchSize,
    batchSeconds,
    // The local AWS doesn't scale: its number of concurrent batches is fixed.
    scaling: { firstBatches: batches, moreBatchesAMinute: 0, maxBatches: batches },
    arrivals: (from, to) => {
      const came = sent.filter(({ seconds }) => seconds > from && seconds <= to);
      return came.reduce((sum, { messages }) => sum + messages, 0);
    },
    stepSeconds: 0.01,
  });
  const all: Moment[] = [];
  for (const moment of moments) {
    all.push(moment);
    if (moment.done === scenario.requests) break;
  }
  return all;
}

function meanDifference(measured: readonly Depth[], simulated: readonly Depth[]): number {
  const differences = measured.map(({ seconds, waiting }) => {
    const same = simulated.findLast((moment) => moment.seconds <= seconds);
    return Math.abs(waiting - (same?.waiting ?? 0));
  });
  return differences.reduce((sum, each) => sum + each, 0) / differences.length;
}
