import { type Allowance, allowanceProblem } from '../config/limits.ts';
import { LimitRefused } from './errors.ts';

/** @throws LimitRefused unless it is an allowance */
export function assertAllowance(given: object): asserts given is Allowance {
  const problem = allowanceProblem(given);
  if (problem !== undefined) throw new LimitRefused('limit_invalid', problem);
}
