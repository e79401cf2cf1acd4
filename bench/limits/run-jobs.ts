import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processor } from 'coatcheck';
import { openService } from 'coatcheck/embedded';
import { silentLogger } from '../support/silent-logger.ts';
import { type JobsOrder, MostAtATime } from './jobs-run.ts';

const { limits, jobs, tenants, milliseconds, concurrency }: JobsOrder = JSON.parse(process.argv[2] ?? '');
const folder = await mkdtemp(join(tmpdir(), 'coatcheck-bench-'));
const file = join(folder, 'jobs.db');
const options = { file, limits, logger: silentLogger, output: false, settings: { concurrency } } as const;
{
  await using waiting = await openService({ ...options, limits: [] });
  await Promise.all(
    Array.from({ length: jobs }, (_, job) => waiting.submit({ job }, { tenant: `tenant-${job % tenants}` })),
  );
}
let sentBack = 0;
const logger = {
  ...silentLogger,
  debug: (message: string) => {
    if (message === 'Request waits for a limit') sentBack++;
  },
  child: () => logger,
};
const running = new MostAtATime();
const ended = Promise.withResolvers<void>();
let left = jobs;
const handler = processor(async ({ tenant = '' }) => {
  using _job = running.begin(tenant);
  if (milliseconds > 0) await sleep(milliseconds);
  if (--left === 0) ended.resolve();
});
const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
const service = await openService({ ...options, logger, processor: handler });
await ended.promise;
const seconds = (performance.now() - startedAt) / 1_000;
const { user, system } = process.cpuUsage(cpuBefore);
process.send?.({
  perSecond: jobs / seconds,
  cpuMicroseconds: (user + system) / jobs,
  mostAtATime: running.most,
  sentBack: sentBack / jobs,
});
await service.close();
await rm(folder, { recursive: true, force: true });
