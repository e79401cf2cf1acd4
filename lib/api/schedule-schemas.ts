import * as z from 'zod';
import { PRIORITIES } from '../core/model/priority.ts';
import { MAX_EVERY_MINUTES, MISSED_RUNS, OVERLAPS } from '../core/model/schedule.ts';
import { ownHeaders, ownMembers } from './known-names.ts';
import {
  FAR_TIME,
  IDEMPOTENCY_KEY_PATTERN,
  Metadata,
  PAYLOAD_FORMS,
  PRIORITY_FIELD,
  SHORT,
  Time,
  TOPIC_FIELD,
} from './schemas.ts';

const NAME = '^(?!\\.{1,2}$)[A-Za-z0-9_.-]{1,64}$';

const Overlap = z.enum(OVERLAPS).meta({
  description: 'What happens to a run if the request of the previous run hasn’t ended.',
});

const Missed = z.enum(MISSED_RUNS).meta({
  description: 'Whether the last of the runs that could not be submitted in time is submitted late.',
});

const Cron = z.string().max(SHORT).meta({
  description: 'Minute, hour, day of month, month, day of week.',
  example: '30 6 * * MON-FRI',
});

const TimeZone = z
  .string()
  .max(SHORT)
  .meta({ description: 'The time zone of the cron expression; UTC by default.', example: 'Europe/Berlin' });

const EveryMinutes = z.number().meta({
  description: 'Instead of `cron`: minutes from one run to the next.',
  type: 'integer',
  minimum: 1,
  maximum: MAX_EVERY_MINUTES,
});

const Moment = z.string().max(SHORT).meta({ format: 'date-time', example: FAR_TIME });

export const NewScheduleBody = ownMembers({
  name: z
    .string()
    .max(SHORT)
    .meta({ description: 'A schedule of this name is replaced.', pattern: NAME, example: 'nightly' }),
  cron: Cron.optional(),
  timeZone: TimeZone.optional(),
  everyMinutes: EveryMinutes.optional(),
  startAt: Moment.optional(),
  endAt: Moment.optional(),
  overlap: Overlap.optional(),
  missed: Missed.optional(),
  ...PAYLOAD_FORMS,
  metadata: Metadata.optional(),
  topic: z.string().max(SHORT).optional().meta(TOPIC_FIELD),
  priority: z.string().max(SHORT).optional().meta(PRIORITY_FIELD),
}).meta({
  id: 'ScheduleInput',
  description: 'One of `json`, `text` and `base64` is the payload of its requests.',
});

export const Schedule = z
  .object({
    name: z.string(),
    cron: z.string().optional(),
    timeZone: z.string().optional(),
    everyMinutes: z.number().optional(),
    startAt: Time.optional(),
    endAt: Time.optional(),
    overlap: Overlap,
    missed: Missed,
    topic: z.string().optional(),
    priority: z.enum(PRIORITIES).optional(),
    createdAt: Time,
    pausedAt: Time.optional().meta({ description: 'When it was paused. Absent unless it is paused.' }),
    lastRun: z
      .object({ at: Time, requestId: z.string() })
      .optional()
      .meta({ description: 'Its latest run that was submitted.' }),
    lastManualRun: z
      .object({ at: Time, requestId: z.string() })
      .optional()
      .meta({ description: 'The latest request of `POST /v1/schedules/{name}/run`.' }),
    nextRuns: z.array(Time).meta({ description: 'Up to 5.' }),
  })
  .meta({ id: 'Schedule' });

export const ScheduleList = z.object({ schedules: z.array(Schedule) }).meta({ id: 'ScheduleList' });

export const RunHeaders = ownHeaders({
  'idempotency-key': z.string().optional().meta({
    description:
      'For a day, a run of the schedule with the same key is the same request. Up to 255 characters, quoted or bare.',
    pattern: IDEMPOTENCY_KEY_PATTERN,
  }),
});

export const ScheduleName = z.object({
  name: z
    .string()
    .min(1)
    .max(SHORT)
    .meta({ param: { name: 'name', in: 'path' } }),
});
