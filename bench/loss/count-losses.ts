import { isDeepStrictEqual } from 'node:util';
import type { JobResult } from './job.ts';
import type { Outcome } from './system.ts';

/** What is known about the jobs of a run, none of it from the system under test. */
export interface Evidence {
  /** Jobs that the broker has accepted. */
  readonly accepted: ReadonlySet<number>;
  /** Every line of the file to which the jobs append. */
  readonly effects: readonly number[];
  readonly outcomes: readonly Outcome[];
  /** Undefined if the system keeps no records. */
  readonly recorded?: readonly number[] | undefined;
  /** Jobs whose messages are still in the input queue, if that is known. */
  readonly unsettled?: readonly number[] | undefined;
}

/** Counts of accepted jobs. */
export interface Losses {
  /** Neither run nor with an outcome, and no longer in the queue. */
  readonly lost: number;
  /** The same, but still in the queue. */
  readonly stuck: number;
  /** Run, but without an outcome, or with a record that hasn't ended. */
  readonly unreported: number;
  /** Whose effect happened more than once. */
  readonly twice: number;
  /** With an outcome that isn't what the job returned, or that says success of a job that never ran. */
  readonly wrong: number;
}

/** Counts what went wrong with the accepted jobs. */
export function countLosses({ accepted, effects, outcomes, recorded, unsettled = [] }: Evidence): Losses {
  const runs = Map.groupBy(effects, (job) => job);
  const outcomesOf = Map.groupBy(outcomes, ({ job }) => job);
  const ended = recorded && new Set(recorded);
  const left = new Set(unsettled);
  const count = (holds: (job: number) => boolean) => [...accepted].filter(holds).length;
  const isMissing = (job: number) => !runs.has(job) && !outcomesOf.has(job);
  const isPublished = (job: number) => outcomesOf.has(job) && (ended?.has(job) ?? true);
  return {
    lost: count((job) => isMissing(job) && !left.has(job)),
    stuck: count((job) => isMissing(job) && left.has(job)),
    unreported: count((job) => !isMissing(job) && !isPublished(job)),
    twice: count((job) => (runs.get(job)?.length ?? 0) > 1),
    wrong: count((job) => {
      const right: JobResult = { job, square: job * job };
      const published = outcomesOf.get(job) ?? [];
      const isRight = published.every(({ result }) => isDeepStrictEqual(result, right));
      return !isRight || (published.length > 0 && !runs.has(job));
    }),
  };
}
