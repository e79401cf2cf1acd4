import { type Limit, limitsProblem } from '../../core/config/limits.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';

/** The problems with the limits of a service. */
export function limitProblems({ limits, api }: AsyncServiceProps): string[] {
  const problem = limitsProblem('limits', limits ?? []);
  if (problem !== undefined) return [problem];
  return api ? [] : capProblems(limits, 'only an API counts them, and the service has none: set api');
}

/** The problems with caps of waiting requests where they can't be counted. @param reason why they can't */
export function capProblems(limits: readonly Limit[] = [], reason: string): string[] {
  return limits.flatMap(({ maxWaiting }, index) =>
    maxWaiting === undefined
      ? []
      : [
          `limits[${index}].maxWaiting must be left out, got ${maxWaiting}: it refuses requests when too many wait, and ${reason}. ` +
            'Limits of concurrency and rate work here too',
        ],
  );
}
