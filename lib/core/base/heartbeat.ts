import { setTimeout as sleep } from 'node:timers/promises';

/** Keeps something alive while work is done. */
export interface Heartbeat {
  readonly intervalMilliseconds: number;
  beat(): Promise<void>;
  /** A beat that failed; the next one may do. */
  onError(error: unknown): void;
}

/** Works, and ends as the work does once the last beat is over: a late one would undo what comes after. */
export async function withHeartbeat(heartbeat: Heartbeat, work: () => Promise<void>): Promise<void> {
  const end = new AbortController();
  const beating = beatUntil(heartbeat, end.signal);
  beating.catch(() => {}); // told at the end
  try {
    await work();
  } finally {
    end.abort();
    await beating;
  }
}

async function beatUntil(heartbeat: Heartbeat, signal: AbortSignal): Promise<void> {
  while (await slept(heartbeat.intervalMilliseconds, signal)) {
    await heartbeat.beat().catch((error: unknown) => heartbeat.onError(error));
  }
}

async function slept(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(milliseconds, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
