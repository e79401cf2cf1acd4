import type { HandlerEnd, HandlerRun } from '../../test/support/invariant.ts';

/** A line of the trace of runs. Times are milliseconds since 1970. */
export type TraceLine =
  | {
      readonly type: 'began';
      readonly at: number;
      readonly process: number;
      readonly requestId: string;
      readonly request: number;
      readonly attempt: number;
      readonly leaseEndsAt: number;
    }
  | {
      readonly type: 'ended';
      readonly at: number;
      readonly requestId: string;
      readonly attempt: number;
      readonly how: HandlerEnd;
    }
  | { readonly type: 'killed'; readonly at: number; readonly process: number };

/** A run with its process and its request. */
export interface TracedRun extends HandlerRun {
  readonly process: number;
  readonly request: number;
}

/** A parsed trace. */
export interface Trace {
  readonly runs: readonly TracedRun[];
  /** Times of kills by process; process ids are reused. */
  readonly kills: ReadonlyMap<number, readonly number[]>;
}

/** Reads a trace. */
export function readTrace(text: string): Trace {
  const lines: TraceLine[] = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const began = lines.filter((line) => line.type === 'began');
  const ended = lines.filter((line) => line.type === 'ended');
  const killed = lines.filter((line) => line.type === 'killed');
  const ends = new Map(ended.map((line) => [`${line.attempt} ${line.requestId}`, line]));
  const runs = began.map(({ type, at, ...run }) => {
    const end = ends.get(`${run.attempt} ${run.requestId}`);
    return { ...run, beganAt: at, ...(end ? { end: { at: end.at, how: end.how } } : {}) };
  });
  const byProcess = Map.groupBy(killed, (line) => line.process);
  const kills = [...byProcess].map(([process, each]) => [process, each.map(({ at }) => at)] as const);
  return { runs, kills: new Map(kills) };
}

/** Number of killed processes in a trace that is still being written. */
export function killsIn(text: string): number {
  return text.split('"type":"killed"').length - 1;
}

/** Whether a run's process was killed during the run's lease. */
export function wasKilled({ process, beganAt, leaseEndsAt }: TracedRun, { kills }: Trace): boolean {
  return (kills.get(process) ?? []).some((at) => at >= beganAt && at <= leaseEndsAt);
}
