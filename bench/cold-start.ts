/** Size and start of a processor's bundle and of the HTTP API's, beside bundles that hold less. */
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type AwsServer, startAwsServer } from './cold-start/aws-server.ts';
import type { BundleStart } from './cold-start/bundle-start.ts';
import { apiBundleOfCommit } from './support/bundle-of-commit.ts';
import { type DeployedBundle, deployedApiBundle, deployedBundle } from './support/deployed-bundle.ts';
import { freshProcess, messageOf } from './support/fresh-process.ts';
import { gatewayEvent } from './support/gateway-event.ts';
import { lengthOf } from './support/length.ts';
import { plainBundle } from './support/plain-bundle.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { sqsEvent } from './support/sqs-event.ts';
import { startFiles } from './support/start-files.ts';
import { median, quantile } from './support/statistics.ts';

const ROUNDS = lengthOf(31, 1);

/** The rows that the aims are measured from. */
const BARE = 'bare clients, upload, DynamoDB';
const POWERTOOLS = 'Powertools batch and idempotency';

/** `--base COMMIT` adds the HTTP API of an earlier commit. */
const { values } = parseArgs({ options: { base: { type: 'string' }, json: { type: 'boolean' } } });

/** A first batch: one inline message. */
const BATCH = sqsEvent([JSON.stringify({ x: 6, y: 7 })]);

/** A first call, which submits a small request. */
const SUBMISSION = gatewayEvent({});

/** A bundle and what is asked of it first. */
interface Subject {
  readonly name: string;
  readonly event: object;
  readonly make: () => DeployedBundle | Promise<DeployedBundle>;
}

/** A {@link Subject} while it is measured. */
interface Measured {
  readonly name: string;
  readonly bundle: DeployedBundle;
  readonly event: string;
  readonly starts: BundleStart[];
}

const batches = (name: string, make: Subject['make']): Subject => ({ name, event: BATCH, make });
const calls = (name: string, make: Subject['make']): Subject => ({ name, event: SUBMISSION, make });
const plain = (name: string, entry: string) => batches(name, () => plainBundle(entryFile(entry)));

const SUBJECTS: readonly Subject[] = [
  plain('empty handler', 'empty'),
  plain('bare clients', 'clients'),
  plain('bare clients and upload', 'clients-and-upload'),
  plain(BARE, 'clients-upload-and-records'),
  plain('the same and a logger', 'clients-upload-records-and-logger'),
  plain(POWERTOOLS, 'powertools'),
  batches('processor', () => deployedBundle(entryFile('processor'))),
  plain('clients, logger, presigning, Hono', 'clients-presigning-and-hono'),
  plain('the same and zod-openapi', 'clients-presigning-hono-and-zod'),
  calls('API', () => deployedApiBundle(entryFile('empty'))),
  ...(values.base === undefined
    ? []
    : [calls(`API of ${values.base}`, () => apiBundleOfCommit(values.base ?? ''))]),
];

await runBenchmark('Cold start of a bundle', async (note): Promise<Report> => {
  await using aws = await startAwsServer();
  using bundles = new DisposableStack();
  const subjects: Measured[] = [];
  for (const { name, event, make } of SUBJECTS) {
    const bundle = bundles.use(await make());
    subjects.push({ name, bundle, event: JSON.stringify(event), starts: [] });
  }
  // One after another in every round: whatever else the machine does meets all of them alike.
  for (let round = 1; round <= ROUNDS; round++) {
    note(`round ${round} of ${ROUNDS}`);
    for (const { bundle, event, starts } of subjects) starts.push(await startOnce(bundle, event, aws));
  }
  const medianOf = (name: string, figure: (start: BundleStart) => number) =>
    median((subjects.find((subject) => subject.name === name)?.starts ?? []).map(figure));
  const rows = subjects.map(({ name, bundle, starts }) => ({
    bundle: name,
    'start KiB': startBytes(bundle.file) / 1_024,
    'import ms': median(starts.map(imported)),
    'ready ms': median(starts.map(ready)),
    p90: quantile(starts.map(ready), 0.9),
    'CPU ms': median(starts.map(cpu)),
    'best CPU': Math.min(...starts.map(cpu)),
    'CPU of bare': median(starts.map(cpu)) / medianOf(BARE, cpu),
  }));
  return {
    rows,
    notes: [
      `Medians of ${ROUNDS} fresh processes, in turns. Start: the files that are loaded before the first event. Import: of the bundle, without the start of Node. Ready: import and a first batch of one inline message, on a simulated AWS in another process; for the API a first POST of a small request. CPU: user and system time until it is ready.`,
      `Aims: the processor's start within 330 KiB, and ready in half the time of ${BARE} and in 0.45 of ${POWERTOOLS}. It takes ${ratio('processor', BARE)} and ${ratio('processor', POWERTOOLS)}.`,
      ...(values.base === undefined
        ? []
        : [
            `Aim: the API ready in 0.6 of the time of ${values.base}. It takes ${ratio('API', `API of ${values.base}`)}.`,
          ]),
    ],
  };

  function ratio(name: string, other: string): string {
    const of = (figure: (start: BundleStart) => number) =>
      (medianOf(name, figure) / medianOf(other, figure)).toFixed(2);
    return `${of(ready)} of its time (${of(cpu)} of its CPU time)`;
  }
});

/** What a bundle loads when it starts. */
function startBytes(file: string): number {
  return startFiles(file).reduce((sum, path) => sum + statSync(path).size, 0);
}

function entryFile(name: string): string {
  return fileURLToPath(new URL(`cold-start/${name}.ts`, import.meta.url));
}

async function startOnce(
  { file, environment }: DeployedBundle,
  event: string,
  aws: AwsServer,
): Promise<BundleStart> {
  const child = freshProcess(new URL('cold-start/start-once.ts', import.meta.url), {
    args: [file, event],
    environment: { ...environment, ...aws.environment },
  });
  return (await messageOf(child)) as BundleStart;
}

function imported({ importMilliseconds }: BundleStart): number {
  return importMilliseconds;
}

function ready({ readyMilliseconds }: BundleStart): number {
  return readyMilliseconds;
}

function cpu({ cpuMilliseconds }: BundleStart): number {
  return cpuMilliseconds;
}
