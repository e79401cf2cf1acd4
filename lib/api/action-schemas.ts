import * as z from 'zod';
import {
  ACTION_KINDS,
  ACTION_STATES,
  DEFAULT_ACTION_RATE,
  ITEM_RESULTS,
  MAX_ACTION_RATE,
  MAX_FILTER_IDS,
  MAX_REASON_LENGTH,
  SAMPLE_SIZE,
} from '../core/model/action.ts';
import { ownMembers, ownQuery } from './known-names.ts';
import {
  Metadata,
  MetadataValues,
  PAGE_FIELDS,
  PAST_TIME,
  PAYLOAD_FORMS,
  SHORT,
  Status,
  Time,
} from './schemas.ts';

const Kind = z.enum(ACTION_KINDS).meta({
  id: 'ActionKind',
  description:
    '`redrive` puts dead-lettered requests back, `purge` deletes dead letters, `cancel` cancels requests that have not ended, ' +
    '`retry` submits failed requests again as new ones, `rehearse` runs dead-lettered requests once and keeps nothing of it.',
});

const FILTER = {
  ids: z
    .array(z.string())
    .optional()
    .meta({ description: `Ids of requests, at most ${MAX_FILTER_IDS}.` }),
  failureGroup: z.string().max(SHORT).optional().meta({ description: 'The id of a group of failures.' }),
  code: z
    .string()
    .max(SHORT)
    .optional()
    .meta({ description: 'The code of the latest error, or of the problem that it ended with.' }),
  tenant: z
    .string()
    .max(SHORT + 1)
    .optional()
    .meta({ description: 'Its tenant; an empty one selects requests without a tenant.' }),
  topic: z
    .string()
    .max(SHORT + 1)
    .optional(),
  status: Status.optional(),
  handlerVersion: z
    .string()
    .max(SHORT)
    .optional()
    .meta({ description: 'The version of the code that took the latest attempt.' }),
  metadata: MetadataValues.optional().meta({
    description: 'These values in the metadata that records keep, by keys that the service declares.',
    example: { customer: 'acme' },
  }),
};

const Moment = z.string().max(SHORT).meta({ format: 'date-time', example: PAST_TIME });

/** The times of a filter. @param time as the caller may write it, or as the service does */
function timesOf(time: z.ZodString | typeof Time) {
  return {
    since: time.optional().meta({
      description: 'Ended since then, or submitted since then if it has not ended.',
    }),
    until: time.optional().meta({
      description: 'Ended before then, or submitted before then if it has not ended.',
    }),
    createdSince: time.optional().meta({ description: 'Submitted since then.' }),
    createdUntil: time.optional().meta({ description: 'Submitted before then.' }),
  };
}

/** Bounds in the document; what is out of them is refused by its code. */
const CANARY = {
  percent: z.number().meta({
    description: 'The percentage of the requests that is handled first.',
    type: 'integer',
    minimum: 1,
    maximum: 100,
  }),
  stopAbovePercent: z.number().meta({
    description: 'The action stops if more than this percentage of the part fails again.',
    type: 'integer',
    minimum: 0,
    maximum: 99,
  }),
};

const RATE = {
  description: `Maximum number of requests per second. ${DEFAULT_ACTION_RATE} by default.`,
  type: 'integer',
  minimum: 1,
  maximum: MAX_ACTION_RATE,
} as const;

export const NewActionBody = ownMembers({
  action: Kind,
  filter: ownMembers({ ...FILTER, ...timesOf(Moment) }).meta({
    description: 'All of its members must match. It has at least one.',
  }),
  rate: z.number().optional().meta(RATE),
  canary: ownMembers(CANARY)
    .optional()
    .meta({ description: 'Handles a part first, waits for its outcomes, and then continues or stops.' }),
  reason: z
    .string()
    .optional()
    .meta({
      description: `Why, for the log of operations. At most ${MAX_REASON_LENGTH} characters.`,
      example: 'The payment provider is up again',
    }),
  payload: ownMembers({ ...PAYLOAD_FORMS, metadata: Metadata.optional() })
    .optional()
    .meta({ description: 'For a retry of one request: a payload that replaces the original one.' }),
}).meta({ id: 'ActionInput' });

export const ApplyActionBody = ownMembers({
  hash: z.string().max(SHORT).meta({ description: 'That of the plan.' }),
  count: z.number().meta({ description: 'That of the plan.', type: 'integer', minimum: 0 }),
}).meta({ id: 'ApplyAction' });

const Count = z.int().min(0);

const LISTED = {
  id: z.string(),
  source: z.string().optional(),
  tenant: z.string().optional(),
  status: Status.meta({ description: 'When it was listed.' }),
};

export const Action = z
  .object({
    id: z.string(),
    action: Kind,
    filter: z.object({ ...FILTER, ...timesOf(Time) }),
    state: z.enum(ACTION_STATES).meta({ description: 'The last four are final.' }),
    count: Count.meta({ description: 'How many requests it lists.' }),
    hash: z.string().meta({ description: 'A digest of the requests that it lists.' }),
    sample: z.array(z.object(LISTED)).meta({ description: `The first of them, up to ${SAMPLE_SIZE}.` }),
    rate: z.number().meta(RATE),
    canary: z.object(CANARY).optional(),
    reason: z.string().optional(),
    payload: z
      .object({ size: Count.meta({ description: 'In bytes.' }), contentType: z.string() })
      .optional()
      .meta({ description: 'The payload that it retries a request with, instead of the original one.' }),
    createdAt: Time,
    createdBy: z
      .string()
      .optional()
      .meta({ description: 'Who planned it, if the service can tell callers apart.' }),
    expiresAt: Time.meta({ description: 'Until then, a plan can be applied.' }),
    appliedAt: Time.optional(),
    endedAt: Time.optional(),
    progress: z.object({ handled: Count, done: Count, skipped: Count, failed: Count }).meta({
      description:
        'Requests that were handled. Those that were no longer as the action needs them are skipped. Of `rehearse`, `done` ' +
        'would succeed, `failed` would fail, and of those that are skipped it isn’t known.',
    }),
    stoppedBecause: z.string().optional().meta({ description: 'Why its canary stopped it.' }),
  })
  .meta({ id: 'Action', description: 'An action on many requests: a plan, or the result of applying it.' });

export const ActionPage = z
  .object({ actions: z.array(Action), next: z.string().optional() })
  .meta({ id: 'ActionPage' });

export const ActionRequestPage = z
  .object({
    requests: z.array(
      z.object({
        ...LISTED,
        result: z.enum(ITEM_RESULTS).optional().meta({ description: 'Absent until it is handled.' }),
        detail: z
          .string()
          .optional()
          .meta({ description: 'Why it was skipped, what failed, or how it would fail.' }),
        retriedAs: z.string().optional().meta({
          description: 'The new request, if it was retried: by this action, or before if it was skipped.',
        }),
      }),
    ),
    next: z.string().optional(),
  })
  .meta({ id: 'ActionRequestPage' });

export const ActionId = z.object({
  id: z
    .string()
    .min(1)
    .max(SHORT)
    .meta({ param: { name: 'id', in: 'path' } }),
});

export const ActionQuery = ownQuery(PAGE_FIELDS);
