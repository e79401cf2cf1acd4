import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processor } from 'coatcheck';
import { openService } from 'coatcheck/embedded';
import { silentLogger } from '../support/silent-logger.ts';
import { JobClock, measureJobs } from './job-times.ts';

const folder = await mkdtemp(join(tmpdir(), 'coatcheck-bench-'));
const clock = new JobClock();
const service = await openService({
  file: join(folder, 'jobs.db'),
  processor: processor(() => clock.began()),
  settings: { concurrency: Number(process.argv[4]) },
  logger: silentLogger,
});
await measureJobs(clock, {
  submit: (count) => Promise.all(Array.from({ length: count }, (_, job) => service.submit({ job }))),
});
await service.close();
await rm(folder, { recursive: true, force: true });
