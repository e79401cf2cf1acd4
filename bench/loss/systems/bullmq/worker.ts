/** A worker of BullMQ, as its documentation shows it. */
import { CONCURRENCY, QUEUES, runJob, VARIABLES } from '../../job.ts';
import { loadBullMq } from './bullmq.ts';

const { Worker } = loadBullMq(process.env[VARIABLES.peers] ?? '');
const worker = new Worker(QUEUES.input, ({ data }) => runJob(data.job), {
  connection: { port: Number(new URL(process.env[VARIABLES.url] ?? '').port), maxRetriesPerRequest: null },
  concurrency: CONCURRENCY,
});
worker.on('error', (error) => console.error(error));
