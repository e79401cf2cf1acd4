/** A service with an HTTP API above and slightly below its capacity, on a local AWS. */
import { join } from 'node:path';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { localClients } from '../lib/local/clients.ts';
import { deploy, type StackOutputs } from '../lib/local/deployment.ts';
import { readLocalSettings } from '../lib/local/environment.ts';
import { LOCAL_FOLDER } from '../lib/local/folder.ts';
import { withLocalAws } from '../lib/local/with-local-aws.ts';
import { type Offered, offer, warmUp } from './overload/offer.ts';
import { type Ends, takeOutcomes } from './overload/outcomes.ts';
import { SERVICE, STACK } from './overload/service.ts';
import { doneSeconds, drain, measureBurst } from './support/burst.ts';
import { lengthOf } from './support/length.ts';
import { type Row, runBenchmark } from './support/report.ts';
import { quantile } from './support/statistics.ts';

/** Load relative to the service's capacity, its duration in seconds, and whether rejected clients retry. */
const LOADS = [
  { name: '200%', phases: [[2, lengthOf(90, 3)]], retries: false },
  { name: '80%', phases: [[0.8, lengthOf(90, 3)]], retries: false },
  {
    name: '200%, then 80%, rejected clients retry',
    phases: [
      [2, lengthOf(20, 1)],
      [0.8, lengthOf(150, 3)],
    ],
    retries: true,
  },
] as const;

/** Final phase, in which a recovered service rejects nothing. */
const END_SECONDS = 20;

/** Sequential rounds of as many requests as are processed concurrently. */
const CAPACITY_ROUNDS = lengthOf(6, 1);

/** Other load can only slow a burst down, so the best burst shows the service's capacity. */
const CAPACITY_BURSTS = lengthOf(2, 1);

const FOLDER = join(LOCAL_FOLDER, 'bench-overload');
const BODY = JSON.stringify({ waitSeconds: SERVICE.serviceSeconds });

await runBenchmark('Twice the capacity of a service', (note) =>
  withLocalAws({ ...readLocalSettings(process.env), folder: FOLDER }, async ({ endpoint }) => {
    note('deploying');
    const service = serviceIn(
      await deploy({ endpoint, folder: FOLDER, app: 'node bench/overload/app.ts' }),
      endpoint,
    );
    note('measuring the capacity');
    await warmUp(service.apiUrl);
    const capacity = await capacityOf(service);
    const rows: Row[] = [];
    for (const load of LOADS.slice(0, lengthOf(LOADS.length, 1))) {
      note(`offering ${load.name} of the capacity`);
      rows.push(await rowOf(service, load, capacity));
    }
    return {
      rows,
      notes: [
        `Clients arrive at random. In the last row, rejected clients return after the time in Retry-After; it has 20 s of the first load and 150 s of the second. The other rows last 90 s. The capacity is ${capacity.toFixed(1)} requests a second: ${SERVICE.maxConcurrency} batches of ${SERVICE.batchSize} at a time, ${SERVICE.serviceSeconds} s each, measured as the better of ${CAPACITY_BURSTS} bursts of ${CAPACITY_ROUNDS} rounds. Goodput is the rate of ends from the first end to the last call.`,
        `Waits are from a client's call to the end of its request, including ${SERVICE.serviceSeconds} s of work. The limit is the API's maxWait. Ended counts requests with an outcome in the output queue, once the service has nothing left to do. Ended inside: within \`endsAbout\` of the answer to its submission, of those that had one.`,
      ],
    };
  }),
);

interface Service {
  readonly sqs: SQSClient;
  readonly inputQueueUrl: string;
  readonly outputQueueUrl: string;
  readonly apiUrl: string;
}

function serviceIn(stacks: StackOutputs, endpoint: string): Service {
  const { InputQueueUrl = '', OutputQueueUrl = '', ApiUrl = '' } = stacks[STACK] ?? {};
  const { sqs } = localClients(endpoint);
  return { sqs, inputQueueUrl: InputQueueUrl, outputQueueUrl: OutputQueueUrl, apiUrl: ApiUrl };
}

/** Requests per second while the queue is never empty. */
async function capacityOf({ sqs, inputQueueUrl }: Service): Promise<number> {
  const round = SERVICE.maxConcurrency * SERVICE.batchSize;
  await measureBurst(sqs, inputQueueUrl, round, BODY); // warms up
  const requests = CAPACITY_ROUNDS * round;
  let best = 0;
  for (let burst = 0; burst < CAPACITY_BURSTS; burst++) {
    best = Math.max(best, requests / doneSeconds(await measureBurst(sqs, inputQueueUrl, requests, BODY)));
  }
  return best;
}

async function rowOf(
  { sqs, inputQueueUrl, outputQueueUrl, apiUrl }: Service,
  { name, phases, retries }: (typeof LOADS)[number],
  capacity: number,
) {
  const offered = await offer({
    apiUrl,
    body: BODY,
    phases: phases.map(([load, seconds]) => ({ perSecond: load * capacity, seconds })),
    retries,
  });
  await drain(sqs, inputQueueUrl);
  return summary(name, capacity, offered, await takeOutcomes(sqs, outputQueueUrl));
}

function summary(name: string, capacity: number, offered: readonly Offered[], ends: Ends): Row {
  const admitted = offered.filter(({ id }) => id !== undefined);
  const answered = (status: number) => offered.filter((each) => each.status === status).length;
  const refused = answered(503) + answered(429);
  const ended = admitted.flatMap(({ id = '', sentAt, endsAbout }) => {
    const endedAt = ends.get(id);
    return endedAt === undefined ? [] : [{ endedAt, endsAbout, seconds: (endedAt - sentAt) / 1_000 }];
  });
  const forecast = ended.filter(({ endsAbout }) => endsAbout);
  const inside = forecast.filter(
    ({ endedAt, endsAbout: { from, to } = { from: '', to: '' } }) =>
      endedAt >= Date.parse(from) && endedAt <= Date.parse(to),
  );
  const waits = ended.map(({ seconds }) => seconds);
  const lastAt = Math.max(...offered.map(({ sentAt }) => sentAt));
  const rate = goodput(
    ended.map(({ endedAt }) => endedAt),
    lastAt,
  );
  return {
    load: name,
    offered: offered.length,
    admitted: admitted.length,
    'rejected with 503': answered(503),
    'rejected with 429': answered(429),
    'in the last 20 s': offered.filter(
      ({ sentAt, id }) => id === undefined && sentAt > lastAt - END_SECONDS * 1_000,
    ).length,
    failed: offered.length - admitted.length - refused,
    'goodput /s': rate,
    'of its capacity %': (100 * rate) / capacity,
    'wait p50 s': quantile(waits, 0.5),
    'p99 s': quantile(waits, 0.99),
    'longest s': Math.max(...waits),
    'limit s': SERVICE.maxWaitSeconds,
    ended: ended.length,
    'had a range %': ended.length === 0 ? '-' : (100 * forecast.length) / ended.length,
    'ended inside %': forecast.length === 0 ? '-' : (100 * inside.length) / forecast.length,
  };
}

/** Requests that ended per second until a time, in milliseconds since 1970. */
function goodput(ends: readonly number[], until: number): number {
  const first = Math.min(...ends);
  const within = ends.filter((end) => end > first && end <= until);
  return (within.length * 1_000) / (until - first);
}
