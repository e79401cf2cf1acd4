import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Handler, processor } from 'coatcheck';
import { openService } from 'coatcheck/embedded';
import { silentLogger } from '../support/silent-logger.ts';
import { JobClock, measureJobs } from './job-times.ts';

const INSERT = 'INSERT INTO app_done VALUES (?)';

const folder = await mkdtemp(join(tmpdir(), 'coatcheck-bench-'));
const file = join(folder, 'jobs.db');
const application = new DatabaseSync(file);
application.exec(`PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL;
  CREATE TABLE app_done (request TEXT PRIMARY KEY) STRICT`);
const insert = application.prepare(INSERT);

const clock = new JobClock();
const [concurrency, , , writes] = process.argv.slice(4);
const handlers: Record<string, Handler> = {
  complete: (request) => {
    clock.began();
    return request.complete(null, { sqlite: (tx) => tx.run(INSERT, request.id) });
  },
  handler: (request) => {
    clock.began();
    insert.run(request.id);
  },
};
const service = await openService({
  file,
  processor: processor(handlers[writes ?? ''] ?? (() => clock.began())),
  settings: { concurrency: Number(concurrency) },
  logger: silentLogger,
});
await measureJobs(clock, {
  submit: (count) => Promise.all(Array.from({ length: count }, (_, job) => service.submit({ job }))),
});
await service.close();
application.close();
await rm(folder, { recursive: true, force: true });
