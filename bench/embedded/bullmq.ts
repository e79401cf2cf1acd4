import { loadBullMq } from '../loss/systems/bullmq/bullmq.ts';
import { JobClock, measureJobs } from './job-times.ts';

const [concurrency, port, folder = ''] = process.argv.slice(4);
const { Queue, Worker } = loadBullMq(folder);
const name = `bench-${process.pid}`;
const connection = { port: Number(port), maxRetriesPerRequest: null };
const clock = new JobClock();
const queue = new Queue(name, { connection });
const worker = new Worker(name, async () => clock.began(), { connection, concurrency: Number(concurrency) });
await measureJobs(clock, {
  submit: (count) => Promise.all(Array.from({ length: count }, (_, job) => queue.add('job', { job }))),
});
await worker.close();
await queue.close();
