import * as z from 'zod';
import { redactRequest } from '../redact.ts';
import type { Change, ChangeTools } from './change.ts';

/** Changes of a schedule that exists. */
export const SCHEDULE_CHANGES = [
  scheduleChangeOf('pause_schedule', 'It has no runs until it is resumed.'),
  scheduleChangeOf('resume_schedule', 'Its next run is the next one from now on.'),
  scheduleChangeOf('run_schedule', 'Submits its request at once, even while it is paused.'),
  scheduleChangeOf(
    'remove_schedule',
    'Removes it, which can’t be undone. Requests that it submitted continue.',
  ),
] as const;

function scheduleChangeOf<Kind extends string>(kind: Kind, description: string) {
  return z.strictObject({ kind: z.literal(kind), name: z.string().min(1) }).describe(description);
}

type ScheduleArguments = z.infer<(typeof SCHEDULE_CHANGES)[number]>;

export function scheduleChange(
  { kind, name }: ScheduleArguments,
  { client: { schedules } }: ChangeTools,
): Change {
  return {
    look: async (signal) => {
      const {
        lastRun: _last,
        lastManualRun: _manual,
        nextRuns: _next,
        ...state
      } = await schedules.get(name, { signal });
      return { count: 1, state };
    },
    make: async ({ planId, signal }) => {
      switch (kind) {
        case 'pause_schedule':
          return schedules.pause(name, { signal });
        case 'resume_schedule':
          return schedules.resume(name, { signal });
        case 'run_schedule':
          return redactRequest(await schedules.run(name, { idempotencyKey: planId, signal }));
        case 'remove_schedule':
          await schedules.remove(name, { signal });
          return {};
      }
    },
  };
}
