import { serializeError } from '../base/serialize-error.ts';
import type { Clock } from '../ports/clock.ts';
import type { DueSchedules } from '../ports/schedule-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { ScheduleRunner } from './schedule-runner.ts';

/** The ports of {@link runDueSchedules}. */
export interface DueSchedulesPorts {
  readonly due: Pick<DueSchedules, 'due'>;
  readonly runner: Pick<ScheduleRunner, 'run'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Submits the runs that are due. A run that can't be submitted is tried again when its lease has ended. */
export async function runDueSchedules({ due, runner, clock, logger }: DueSchedulesPorts): Promise<void> {
  for (const key of due.due(clock.now())) {
    try {
      await runner.run(key);
    } catch (error) {
      logger.error('A scheduled run could not be submitted', {
        schedule: key.name,
        tenant: key.tenant,
        error: serializeError(error),
      });
    }
  }
}
