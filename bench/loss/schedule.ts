import { seededRandom } from '../../lib/planner/random.ts';

/** What is killed. */
export type Target = 'worker' | 'broker' | 'both';

/** A kill of a schedule. */
export interface Kill {
  readonly target: Target;
  /** How many jobs are handed in before it. */
  readonly afterJobs: number;
  /** How long the worker has been working again since the kill before, at least. */
  readonly afterMilliseconds: number;
}

/** How often each target is drawn, of ten. */
const TARGETS: readonly Target[] = [...Array(6).fill('worker'), ...Array(3).fill('broker'), 'both'];

/** The last kill comes before the end, so that there is work after it. */
const SHARE_WITH_KILLS = 0.8;

const LONGEST_WAIT_MILLISECONDS = 300;

/** Draws kills at random moments while jobs are handed in: the same ones for one seed. The first three are of each target. */
export function scheduleOf(seed: number, kills: number, jobs: number): readonly Kill[] {
  const random = seededRandom(seed);
  const first: readonly Target[] = ['worker', 'broker', 'both'];
  const moments = Array.from({ length: kills }, () => Math.floor(random() * jobs * SHARE_WITH_KILLS));
  return moments
    .toSorted((one, other) => one - other)
    .map((afterJobs, index) => ({
      target: first[index] ?? TARGETS[Math.floor(random() * TARGETS.length)] ?? 'worker',
      afterJobs,
      afterMilliseconds: random() * LONGEST_WAIT_MILLISECONDS,
    }));
}
