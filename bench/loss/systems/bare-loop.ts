import { type Queues, unsettledJobs } from '../queues/queues.ts';
import type { RunningSystem } from '../system.ts';

/** A loop around a broker's client, in a program of its own. */
export function bareLoop(
  queues: Queues,
  program: string,
  env: Readonly<Record<string, string>>,
): RunningSystem {
  return {
    broker: queues.broker,
    worker: { command: process.execPath, args: [program], env },
    submit: (job) => queues.submit({ id: `job-${job}`, body: JSON.stringify({ job }) }),
    outcomes: async () =>
      (await queues.published()).map((body) => {
        const result = JSON.parse(body);
        return { job: Number(result.job), result };
      }),
    ...unsettledJobs(queues),
    [Symbol.asyncDispose]: () => queues[Symbol.asyncDispose](),
  };
}
