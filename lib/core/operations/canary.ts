import type { Canary } from '../model/action.ts';
import type { CanaryCounts } from '../ports/action-store.ts';

/** What the ends of a canary's requests mean for the others. */
export type CanaryVerdict = 'wait' | 'stop' | 'pass';

/** Judges a canary. It stops as soon as enough have failed, and passes when all have ended. */
export function judgeCanary({ stopAbovePercent }: Canary, counts: CanaryCounts): CanaryVerdict {
  const { watched, ended, failed } = counts;
  if (failed * 100 > stopAbovePercent * watched) return 'stop';
  return ended < watched ? 'wait' : 'pass';
}

/** Why a canary stops its action, for people. */
export function whyStopped({ stopAbovePercent }: Canary, { watched, failed }: CanaryCounts): string {
  return `${failed} of the first ${watched} requests failed again, which is more than ${stopAbovePercent}%`;
}
