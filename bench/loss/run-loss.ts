import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { countLosses, type Losses } from './count-losses.ts';
import { VARIABLES } from './job.ts';
import type { Kill, Target } from './schedule.ts';
import { SupervisedWorker } from './supervised-worker.ts';
import type { RunningSystem, System } from './system.ts';

/** Jobs handed in at a time, and how often. */
const BATCH = 10;
const BATCH_MILLISECONDS = 25;

/** Jobs that may be handed in beyond those that a kill waits for, so that it interrupts work: some more than it waits at most. */
const JOBS_BEYOND = 125;

/** How long to wait after a job that wasn't accepted: the broker is away. */
const UNANSWERED_MILLISECONDS = 500;

/** A broker that hasn't answered by then may have accepted the job or not. */
const ACCEPT_MILLISECONDS = 5_000;

/**
 * How long a system may show no progress. Messages of a killed worker come back after 30 seconds in all systems, and a
 * request that was running then, after its lease.
 */
const QUIET_MILLISECONDS = 75_000;

/** A broker that has just been started serves by then. */
const SERVING_MILLISECONDS = 60_000;

/** A broker has noticed by then that a worker is dead, and counts what it held as waiting. */
const RETURN_MILLISECONDS = 10_000;

const LOOK_MILLISECONDS = 100;

/** How a system came through a schedule of kills. */
export interface LossRun extends Losses {
  readonly accepted: number;
  /** Handed in without an answer; not counted anywhere else. */
  readonly unanswered: number;
  readonly kills: Readonly<Record<Target, number>>;
  /** Times the worker ended by itself and was started again. */
  readonly ends: number;
  /** Times the worker was killed because it did nothing while jobs were waiting. */
  readonly hangs: number;
  readonly seconds: number;
  /** Accepted jobs, when the worker was dead in the middle of the run: undefined if the system can't say. */
  readonly halfway: Halfway | undefined;
}

/** Where the accepted jobs were at a moment. */
export interface Halfway {
  readonly accepted: number;
  /** With an outcome. */
  readonly ended: number;
  /** With a message that isn't settled, and without an outcome. */
  readonly inFlight: number;
  readonly missing: number;
}

/** Runs jobs through a system while its worker and its broker are killed. */
export async function runLoss(
  system: System,
  kills: readonly Kill[],
  jobs: number,
  { folder, note }: { readonly folder: string; readonly note: (text: string) => void },
): Promise<LossRun> {
  const startedAt = performance.now();
  const effectsFile = join(folder, 'effects');
  await writeFile(effectsFile, '');
  const effects = async () => (await readFile(effectsFile, 'utf8')).split('\n').filter(Boolean).map(Number);
  await using running = await system.open(folder);
  const program = { ...running.worker, env: { ...running.worker.env, [VARIABLES.log]: effectsFile } };
  await using worker = new SupervisedWorker(program, join(folder, 'worker.log'));
  worker.start();

  const accepted = new Set<number>();
  const unanswered = new Set<number>();
  const killed = { worker: 0, broker: 0, both: 0 };
  let hangs = 0;
  /** Jobs that may be handed in before the next kill. */
  let allowed = 0;
  let halfway: Halfway | undefined;

  /** Waits for a line that wasn't there. A worker that writes none is stuck and killed. */
  const untilWorking = async () => {
    const before = (await effects()).length;
    const deadline = Date.now() + QUIET_MILLISECONDS;
    for (let lines = await effects(); lines.length === before; lines = await effects()) {
      if (accepted.size >= jobs && new Set(lines).size >= jobs) return;
      if (Date.now() > deadline) {
        hangs++;
        await worker.kill();
        return;
      }
      await sleep(LOOK_MILLISECONDS);
    }
  };

  const submitting = (async () => {
    for (let next = 0; accepted.size < jobs; next += BATCH) {
      while (accepted.size >= allowed) await sleep(5);
      const batch = Array.from({ length: Math.min(BATCH, jobs - accepted.size) }, (_, index) => next + index);
      const pause = sleep(BATCH_MILLISECONDS);
      const before = unanswered.size;
      await Promise.all(
        batch.map(async (job) => {
          const isAccepted = await answered(running.submit(job));
          (isAccepted ? accepted : unanswered).add(job);
        }),
      );
      await (unanswered.size > before ? sleep(UNANSWERED_MILLISECONDS) : pause);
    }
  })();

  const killing = (async () => {
    for (const [index, { target, afterJobs, afterMilliseconds }] of kills.entries()) {
      note(`${system.name}: ${accepted.size} jobs accepted, ${index} of ${kills.length} kills`);
      allowed = Math.min(Math.max(afterJobs, accepted.size) + JOBS_BEYOND, jobs);
      while (accepted.size < afterJobs) await sleep(5);
      await untilWorking();
      await sleep(afterMilliseconds);
      const broker = target === 'worker' ? undefined : running.broker;
      killed[broker ? target : 'worker']++;
      if (target !== 'broker' || !broker) await worker.kill();
      await broker?.kill();
      await broker?.start();
      if (index === Math.floor(kills.length / 2)) {
        await worker.stop();
        halfway = await whereabouts(running, accepted);
        worker.start();
      }
    }
    allowed = jobs;
  })();
  await Promise.all([submitting, killing]);

  let losses = await untilQuiet();
  if (losses.lost + losses.unreported > 0) {
    // Perhaps the worker is stuck.
    await worker.kill();
    const later = await untilQuiet();
    if (later.lost + later.unreported < losses.lost + losses.unreported) hangs++;
    losses = later;
  }
  await worker.stop();
  const { unsettled } = running;
  if (unsettled && losses.lost > 0) losses = await lossesOf(await patiently(unsettled));
  // For a reader of the folder: the effects are there already.
  await writeFile(join(folder, 'outcomes'), JSON.stringify(await patiently(running.outcomes)));
  await writeFile(join(folder, 'accepted'), JSON.stringify([...accepted]));
  return {
    ...losses,
    accepted: accepted.size,
    unanswered: unanswered.size,
    kills: killed,
    ends: worker.ends,
    hangs,
    seconds: (performance.now() - startedAt) / 1000,
    halfway,
  };

  /** Waits until nothing is missing, or nothing has come for a long time. */
  async function untilQuiet(): Promise<Losses> {
    let losses = await lossesOf();
    let quietSince = Date.now();
    while (losses.lost + losses.unreported > 0 && Date.now() - quietSince < QUIET_MILLISECONDS) {
      note(`${system.name}: ${losses.lost + losses.unreported} of ${accepted.size} jobs have no outcome yet`);
      await sleep(10 * LOOK_MILLISECONDS);
      const now = await lossesOf();
      if (!isDeepStrictEqual(now, losses)) quietSince = Date.now();
      losses = now;
    }
    return losses;
  }

  async function lossesOf(unsettled?: readonly number[]): Promise<Losses> {
    const outcomes = await patiently(running.outcomes);
    return countLosses({
      unsettled,
      accepted,
      effects: await effects(),
      outcomes,
      recorded: await running.recorded?.(),
    });
  }
}

/** Compares what was accepted with what the broker holds, while no worker runs. */
async function whereabouts(
  running: RunningSystem,
  accepted: ReadonlySet<number>,
): Promise<Halfway | undefined> {
  if (!running.unsettled) return undefined;
  for (const deadline = Date.now() + RETURN_MILLISECONDS; ; await sleep(LOOK_MILLISECONDS)) {
    const found = await find(running, running.unsettled, accepted);
    if (found.missing === 0 || Date.now() > deadline) return found;
  }
}

async function find(
  running: RunningSystem,
  readUnsettled: () => Promise<readonly number[]>,
  accepted: ReadonlySet<number>,
): Promise<Halfway> {
  const before = [...accepted];
  // In this order: a message is settled after its outcome is published.
  const unsettled = new Set(await patiently(readUnsettled));
  const ended = new Set((await patiently(running.outcomes)).map(({ job }) => job));
  const inFlight = before.filter((job) => unsettled.has(job) && !ended.has(job)).length;
  const done = before.filter((job) => ended.has(job)).length;
  return { accepted: before.length, ended: done, inFlight, missing: before.length - done - inFlight };
}

/** Reads from a broker that has just been started and may not serve yet. */
async function patiently<Value>(read: () => Promise<Value>): Promise<Value> {
  for (const deadline = Date.now() + SERVING_MILLISECONDS; ; await sleep(LOOK_MILLISECONDS)) {
    try {
      return await read();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

function answered(submission: Promise<void>): Promise<boolean> {
  const accepted = submission.then(
    () => true,
    () => false,
  );
  return Promise.race([accepted, sleep(ACCEPT_MILLISECONDS, false, { ref: false })]);
}
