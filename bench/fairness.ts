/** How long requests wait in a service in one process while a tenant, or a lower priority, has a large backlog. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processor } from 'coatcheck';
import { openService, type ServiceSubmitOptions } from 'coatcheck/embedded';
import type { Priority } from '../lib/core/model/priority.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { silentLogger } from './support/silent-logger.ts';
import { quantile } from './support/statistics.ts';

const TENANTS = 49;
const REQUESTS = lengthOf(980, 49);
const INTERVAL_MILLISECONDS = lengthOf(10, 1);
const NOISY = lengthOf(10_000, 200);
const WAITING = lengthOf(100_000, 1_000);
const URGENT = lengthOf(100, 5);
const JOB_MILLISECONDS = 5;
const CONCURRENCY = 10;
const CHUNK = 1_000;
const BACKLOG_BODY = 'backlog';

/** A backlog that waits at the start. */
interface Backlog {
  readonly count: number;
  readonly priority?: Priority;
  /** Undefined for requests without a tenant. */
  readonly tenant?: string;
}

interface Way {
  readonly name: string;
  readonly backlog: Backlog;
  readonly requests: number;
  /** What the nth request is submitted with. */
  readonly optionsOf: (index: number) => ServiceSubmitOptions;
}

/** A request, from its submission to the start of its handler. */
interface Wait {
  readonly tenant: string;
  readonly milliseconds: number;
  /** Other requests that began after it was submitted and before it began. */
  readonly overtaken: number;
}

const quietTenant = (index: number) => ({ tenant: `tenant-${index % TENANTS}` });

const WAYS: readonly Way[] = [
  { name: '49 tenants, alone', backlog: { count: 0 }, requests: REQUESTS, optionsOf: quietTenant },
  {
    name: '49 tenants, and a noisy one',
    backlog: { count: NOISY, tenant: 'noisy' },
    requests: REQUESTS,
    optionsOf: quietTenant,
  },
  {
    name: 'the same, no tenant stated',
    backlog: { count: NOISY },
    requests: REQUESTS,
    optionsOf: () => ({}),
  },
  {
    name: 'high, and many low',
    backlog: { count: WAITING, priority: 'low' },
    requests: URGENT,
    optionsOf: () => ({ priority: 'high' }),
  },
  {
    name: 'high, and many normal',
    backlog: { count: WAITING },
    requests: URGENT,
    optionsOf: () => ({ priority: 'high' }),
  },
];

await runBenchmark('Waits beside a backlog', async (note): Promise<Report> => {
  const rows = [];
  for (const way of WAYS) {
    note(way.name);
    const waits = await waitsOf(way);
    const milliseconds = waits.map((wait) => wait.milliseconds);
    const byTenant = [...Map.groupBy(waits, ({ tenant }) => tenant).values()];
    rows.push({
      requests: way.name,
      backlog: way.backlog.count,
      'p50 ms': quantile(milliseconds, 0.5),
      'p99 ms': quantile(milliseconds, 0.99),
      'p99 ms of the slowest tenant': Math.max(
        ...byTenant.map((each) =>
          quantile(
            each.map((wait) => wait.milliseconds),
            0.99,
          ),
        ),
      ),
      'others begun meanwhile, p50': quantile(
        waits.map(({ overtaken }) => overtaken),
        0.5,
      ),
      'at most': Math.max(...waits.map(({ overtaken }) => overtaken)),
    });
  }
  return {
    rows,
    notes: [
      `One run each. ${CONCURRENCY} jobs of ${JOB_MILLISECONDS} ms run at a time, and ${CONCURRENCY} more are prefetched. While the backlog waits, one request is submitted every ${INTERVAL_MILLISECONDS} ms, of each of the ${TENANTS} tenants in turn; the wait is from the call that submits it to the start of its handler, and others are counted from the answer of that call on.`,
      'Without a stated tenant, all requests are those of one, which run in the order they came.',
    ],
  };
});

async function waitsOf({ backlog, requests, optionsOf }: Way): Promise<readonly Wait[]> {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-bench-'));
  const path = join(folder, 'jobs.db');
  await fill(path, backlog);
  let begun = 0;
  const starts = new Map<string, { readonly at: number; readonly begun: number }>();
  const handler = processor(async (request) => {
    const start = { at: performance.now(), begun: ++begun };
    const name = await request.text();
    if (name !== BACKLOG_BODY) starts.set(name, start);
    await sleep(JOB_MILLISECONDS);
  });
  const service = await openService({
    file: path,
    processor: handler,
    output: false,
    settings: { concurrency: CONCURRENCY },
    logger: silentLogger,
  });
  while (begun < Math.min(backlog.count, 2 * CONCURRENCY)) await sleep(1);
  const submitted = await submitAll(requests, async (index) => {
    const options = optionsOf(index);
    const at = performance.now();
    await service.submit(`request ${index}`, options);
    return { at, begun, tenant: options.tenant ?? '' };
  });
  while (starts.size < requests) await sleep(5);
  await service.close();
  await rm(folder, { recursive: true, force: true });
  return submitted.map(({ at, begun: before, tenant }, index) => {
    const start = starts.get(`request ${index}`) ?? { at: Number.NaN, begun: Number.NaN };
    return { tenant, milliseconds: start.at - at, overtaken: Math.max(0, start.begun - before - 1) };
  });
}

/** Calls at regular times, whether the earlier calls have ended or not. */
async function submitAll<Value>(count: number, submit: (index: number) => Promise<Value>): Promise<Value[]> {
  const startedAt = performance.now();
  const submissions: Promise<Value>[] = [];
  for (let index = 0; index < count; index++) {
    await sleep(Math.max(0, startedAt + index * INTERVAL_MILLISECONDS - performance.now()));
    submissions.push(submit(index));
  }
  return Promise.all(submissions);
}

/** Submits a backlog, while nothing runs it. */
async function fill(file: string, { count, priority, tenant }: Backlog): Promise<void> {
  await using service = await openService({ file, logger: silentLogger });
  for (let sent = 0; sent < count; sent += CHUNK) {
    const submit = () => service.submit(BACKLOG_BODY, { priority, tenant });
    await Promise.all(Array.from({ length: Math.min(CHUNK, count - sent) }, submit));
  }
}
