import { laneProblem, type Priority } from '../model/priority.ts';
import { RequestRefused } from './errors.ts';

/**
 * Rejects a request whose priority has no lane.
 * @param priorities those that have one
 * @throws RequestRefused
 */
export function assertLane(
  priority: Priority | undefined,
  priorities: readonly Priority[] | undefined,
): void {
  const problem = laneProblem(priority, priorities);
  if (problem === undefined) return;
  throw new RequestRefused(
    'priority_unsupported',
    `${problem}: all such requests share one queue. Leave it out, or see docs/priorities.md for services with lanes`,
  );
}
