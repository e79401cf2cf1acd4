/** Checks that nothing is lost if handlers fail, processes are killed and calls are disturbed, on a local AWS. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { Semaphore } from '../lib/core/base/semaphore.ts';
import { localClients } from '../lib/local/clients.ts';
import { deploy } from '../lib/local/deployment.ts';
import { readLocalSettings } from '../lib/local/environment.ts';
import { LOCAL_FOLDER } from '../lib/local/folder.ts';
import { withLocalAws } from '../lib/local/with-local-aws.ts';
import { type ChaosProxy, openChaosProxy, troubledCalls } from './soak/chaos-proxy.ts';
import { describeRepeatedSuccesses, figuresOf } from './soak/figures.ts';
import { type Places, takeRemains } from './soak/remains.ts';
import { STACK, VARIABLES } from './soak/service.ts';
import { type Counters, type SoakSubmission, submitter } from './soak/submissions.ts';
import { killsIn } from './soak/trace.ts';
import { verdictOf } from './soak/verdict.ts';
import { depthOf } from './support/burst.ts';
import { lengthOf } from './support/length.ts';
import { runBenchmark } from './support/report.ts';

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: String(lengthOf(2_000, 8)) },
    seed: { type: 'string', default: '1' },
    /** Services to disturb, by their names in signatures, and the HTTP API. */
    services: { type: 'string', default: 'dynamodb,s3,sqs,execute-api' },
    json: { type: 'boolean' },
  },
});
const [REQUESTS, SEED] = [wholeNumber('requests'), wholeNumber('seed')];

const FOLDER = join(LOCAL_FOLDER, 'bench-soak');
const TRACE = join(FOLDER, 'trace.jsonl');

/** Concurrent submissions, and the queue length that pauses them: long queues slow the local AWS down. */
const CLIENTS = lengthOf(12, 2);
const MOST_WAITING = 400;
const LOOK_EVERY_MILLISECONDS = 1_000;

/** Consecutive empty looks that mean the end; S3's events arrive a moment after uploads. */
const LOOKS_AT_THE_END = 3;

await runBenchmark(`A soak of ${REQUESTS} requests, seed ${SEED}`, (note) =>
  withLocalAws({ ...readLocalSettings(process.env), folder: FOLDER }, async ({ endpoint }) => {
    await using proxy = await openChaosProxy(endpoint, {
      seed: SEED,
      services: new Set(options.services.split(',')),
    });
    await mkdir(FOLDER, { recursive: true });
    await writeFile(TRACE, '');
    note('deploying');
    const service = await deployed(endpoint, proxy);
    const submissions = await soak(service, proxy, note);
    note('counting');
    const remains = await takeRemains(service);
    const violations = verdictOf(remains, submissions);
    if (violations.length > 0) process.exitCode = 1;
    return {
      rows: figuresOf(remains, submissions, proxy),
      notes: [
        violations.length === 0
          ? 'All promises are kept.'
          : `${violations.length} violations:\n  ${violations.join('\n  ')}`,
        describeRepeatedSuccesses(remains.trace, SEED),
      ],
    };
  }),
);

interface Service extends Counters, Places {
  readonly sqs: SQSClient;
}

async function deployed(endpoint: string, { url }: ChaosProxy): Promise<Service> {
  process.env[VARIABLES.endpoint] = url;
  process.env[VARIABLES.trace] = TRACE;
  process.env[VARIABLES.seed] = String(SEED);
  const stacks = await deploy({ endpoint, folder: FOLDER, app: 'node bench/soak/app.ts' });
  const output = (name: string) => stacks[STACK]?.[name] ?? '';
  return {
    proxy: url,
    endpoint,
    apiUrl: output('ApiUrl').replace(endpoint, url),
    inputQueueUrl: output('InputQueueUrl'),
    outputQueueUrl: output('OutputQueueUrl'),
    deadLetterQueueUrl: output('DeadLetterQueueUrl'),
    bucket: output('PayloadBucketName'),
    table: output('RequestTableName'),
    trace: TRACE,
    seed: SEED,
    sqs: localClients(endpoint).sqs,
  };
}

/** Submits all requests and waits until nothing waits or runs. @returns results of the submissions, by number */
async function soak(
  service: Service,
  proxy: ChaosProxy,
  note: (text: string) => void,
): Promise<readonly SoakSubmission[]> {
  const submit = submitter(service);
  const clients = new Semaphore(CLIENTS);
  const submissions: SoakSubmission[] = [];
  let waiting = 0;
  let emptyLooks = 0;
  const all = Promise.all(
    Array.from({ length: REQUESTS }, (_, request) =>
      clients.run({}, async () => {
        while (waiting > MOST_WAITING) await sleep(LOOK_EVERY_MILLISECONDS / 10);
        submissions[request] = await submit(request);
      }),
    ),
  );
  let isOver = false;
  const watching = (async () => {
    while (emptyLooks < LOOKS_AT_THE_END) {
      await sleep(LOOK_EVERY_MILLISECONDS);
      const depth = await depthOf(service.sqs, service.inputQueueUrl);
      waiting = depth.waiting + depth.running;
      emptyLooks = isOver && waiting === 0 ? emptyLooks + 1 : 0;
      const accepted = submissions.filter((each) => each && each.ids.size > 0).length;
      note(
        `${Math.max(0, accepted - waiting)} done of ${accepted} accepted, ${killsIn(await readFile(TRACE, 'utf8'))} kills, ${troubledCalls(proxy)} disturbed calls`,
      );
    }
  })();
  await all;
  isOver = true;
  await watching;
  return submissions;
}

/** @throws RangeError for an invalid option */
function wholeNumber(name: 'requests' | 'seed'): number {
  const value = Number(options[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`--${name} must be a whole number of at least 1, got ${options[name]}`);
}
