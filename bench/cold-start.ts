/** Size and start of a processor's bundle and of the HTTP API's, beside bundles that hold less. */
import { fileURLToPath } from 'node:url';
import type { BundleStart } from './cold-start/bundle-start.ts';
import { type DeployedBundle, deployedApiBundle, deployedBundle } from './support/deployed-bundle.ts';
import { freshProcess, messageOf } from './support/fresh-process.ts';
import { gatewayEvent } from './support/gateway-event.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { median, quantile } from './support/statistics.ts';

const ROUNDS = lengthOf(31, 1);

/** The row the aim is measured from. */
const BARE = 'bare clients, upload, DynamoDB';

/** A first, empty batch. */
const EMPTY_BATCH = { Records: [] };

/** A first call, which the API refuses before it asks AWS anything. */
const REFUSED_CALL = gatewayEvent({ 'coatcheck-expires-at': 'not a time' });

interface Subject {
  readonly name: string;
  /** In the folder cold-start; absent for the HTTP API. */
  readonly entry?: string;
  /** Laid over the function's own variables. */
  readonly environment?: Readonly<Record<string, string>>;
}

const SUBJECTS: readonly Subject[] = [
  { name: 'empty handler', entry: 'empty' },
  { name: 'bare clients', entry: 'clients' },
  { name: 'bare clients and upload', entry: 'clients-and-upload' },
  { name: BARE, entry: 'clients-upload-and-records' },
  { name: 'the same and a logger', entry: 'clients-upload-records-and-logger' },
  { name: 'processor', entry: 'processor' },
  { name: 'clients, logger, presigning, Hono', entry: 'clients-presigning-and-hono' },
  { name: 'the same and zod-openapi', entry: 'clients-presigning-hono-and-zod' },
  { name: 'API' },
];

/** AWS is named, so that the clients can be made, and not there. */
const NO_AWS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' };

await runBenchmark('Cold start of a bundle', async (note): Promise<Report> => {
  using bundles = new DisposableStack();
  const subjects = SUBJECTS.map(({ name, entry, environment }) => ({
    name,
    environment,
    bundle: bundles.use(
      entry === undefined ? deployedApiBundle(entryFile('empty')) : deployedBundle(entryFile(entry)),
    ),
    event: JSON.stringify(entry === undefined ? REFUSED_CALL : EMPTY_BATCH),
    starts: [] as BundleStart[],
  }));
  // One after another in every round: whatever else the machine does meets all of them alike.
  for (let round = 1; round <= ROUNDS; round++) {
    note(`round ${round} of ${ROUNDS}`);
    for (const { bundle, event, environment, starts } of subjects) {
      starts.push(await startOnce(bundle, event, environment));
    }
  }
  const bare = subjects.find(({ name }) => name === BARE)?.starts ?? [];
  const bareReady = median(bare.map(ready));
  const rows = subjects.map(({ name, bundle, starts }) => ({
    bundle: name,
    'size KiB': bundle.bytes / 1_024,
    'import ms': median(starts.map(imported)),
    'ready ms': median(starts.map(ready)),
    p90: quantile(starts.map(ready), 0.9),
    best: Math.min(...starts.map(ready)),
    'ready, beyond bare ms': median(starts.map(ready)) - bareReady,
  }));
  return {
    rows,
    notes: [
      `Medians of ${ROUNDS} fresh processes. Import: of the bundle, the start of Node left out. Ready: import and a first, empty batch, since the processor makes its clients then, the others at import; of the API a first call, refused before AWS is asked anything.`,
      'Aim: the processor within 5 ms of bare clients with upload and DynamoDB.',
    ],
  };
});

function entryFile(name: string): string {
  return fileURLToPath(new URL(`cold-start/${name}.ts`, import.meta.url));
}

async function startOnce(
  { file, environment }: DeployedBundle,
  event: string,
  changed: Subject['environment'],
): Promise<BundleStart> {
  const child = freshProcess(new URL('cold-start/start-once.ts', import.meta.url), {
    args: [file, event],
    environment: { ...environment, ...NO_AWS, ...changed },
  });
  return (await messageOf(child)) as BundleStart;
}

function imported({ importMilliseconds }: BundleStart): number {
  return importMilliseconds;
}

function ready({ readyMilliseconds }: BundleStart): number {
  return readyMilliseconds;
}
