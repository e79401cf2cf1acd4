import { median } from './statistics.ts';

/** Asks a process that {@link serveTimings} to do something over and over. */
export interface TimingOrder {
  /** What is done may depend on it. */
  readonly size: number;
  readonly milliseconds: number;
}

/** What doing a thing once takes, in microseconds. */
export interface Timing {
  /** The median. */
  readonly wall: number;
  /** User and system time of the whole process, garbage collection included: the mean. */
  readonly cpu: number;
}

/** Carries out the orders of the parent process, until that disconnects. @param prepare what to time for a size */
export function serveTimings(prepare: (size: number) => () => Promise<unknown>): void {
  process.on('message', async ({ size, milliseconds }: TimingOrder) => {
    process.send?.(await timed(prepare(size), milliseconds));
  });
}

async function timed(run: () => Promise<unknown>, milliseconds: number): Promise<Timing> {
  const times: number[] = [];
  const cpuBefore = process.cpuUsage();
  const end = performance.now() + milliseconds;
  do {
    const startedAt = performance.now();
    await run();
    times.push((performance.now() - startedAt) * 1_000);
  } while (performance.now() < end);
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wall: median(times), cpu: (user + system) / times.length };
}
