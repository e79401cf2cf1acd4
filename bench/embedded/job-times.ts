import { quantile } from '../support/statistics.ts';

/** What a way of running jobs in one process takes. */
export interface JobTimes {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  /** Milliseconds from handing in a job to the start of its handler. */
  readonly startP50: number;
  readonly startP99: number;
}

/** Reads the message of a process that {@link measureJobs}. @throws TypeError for another message */
export function jobTimesOf(message: unknown): JobTimes {
  if (typeof message === 'object' && message !== null && 'perSecond' in message) return message as JobTimes;
  throw new TypeError(`Expected the times of jobs, got ${JSON.stringify(message)}`);
}

/** A way to run jobs: they call {@link JobClock.began}, and nothing else. */
export interface Jobs {
  /** Hands in jobs, each by a call of its own. Resolves when all are accepted. */
  submit(count: number): Promise<unknown>;
}

/** Jobs handed in at a time. */
const GROUP = 100;

/** Counts jobs as they begin. */
export class JobClock {
  #left = 0;
  #onLast = () => {};

  /** Called by each job. */
  began(): void {
    if (--this.#left === 0) this.#onLast();
  }

  /** Resolves when so many more jobs have begun. */
  untilBegan(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#left = count;
    this.#onLast = resolve;
    return promise;
  }
}

/** Measures a way, and sends the times to the parent process. The counts are its arguments. */
export async function measureJobs(clock: JobClock, jobs: Jobs): Promise<void> {
  const [count = 0, single = 0] = process.argv.slice(2).map(Number);
  await rush(clock, jobs, GROUP);
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await rush(clock, jobs, count);
  const milliseconds = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  const starts: number[] = [];
  for (let job = 0; job < single; job++) {
    const handedInAt = performance.now();
    const began = clock.untilBegan(1).then(() => performance.now() - handedInAt);
    await jobs.submit(1);
    starts.push(await began);
  }
  const times: JobTimes = {
    perSecond: (1000 * count) / milliseconds,
    cpuMicroseconds: (user + system) / count,
    startP50: quantile(starts, 0.5),
    startP99: quantile(starts, 0.99),
  };
  process.send?.(times);
}

async function rush(clock: JobClock, jobs: Jobs, count: number): Promise<void> {
  const began = clock.untilBegan(count);
  for (let job = 0; job < count; job += GROUP) await jobs.submit(Math.min(GROUP, count - job));
  await began;
}
