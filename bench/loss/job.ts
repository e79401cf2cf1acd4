import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Environment variables of a worker under test. */
export const VARIABLES = {
  log: 'LOSS_LOG',
  url: 'LOSS_URL',
  peers: 'LOSS_PEERS',
  milliseconds: 'LOSS_JOB_MILLISECONDS',
};

/** The queues of every system. */
export const QUEUES = { input: 'loss-in', output: 'loss-out' };

/** Most jobs that a worker runs at a time. */
export const CONCURRENCY = 10;

/** How long a job takes before its effect, unless the environment says otherwise: a worker is busy most of the time. */
const JOB_MILLISECONDS = '20';

/** What a job returns. */
export interface JobResult {
  readonly job: number;
  readonly square: number;
}

/** The job of every system: its effect is a line in a file, which is there even if the process is killed the moment after. */
export async function runJob(job: number): Promise<JobResult> {
  await sleep(Number(process.env[VARIABLES.milliseconds] ?? JOB_MILLISECONDS));
  appendFileSync(process.env[VARIABLES.log] ?? '', `${job}\n`);
  return { job, square: job * job };
}
