import * as z from 'zod';
import { RATE } from '../core/config/limits.ts';
import { ownMembers, ownQuery } from './known-names.ts';
import { FAR_TIME, SHORT, Time } from './schemas.ts';

const Rate = z.string().max(SHORT).meta({
  description: 'How many requests start in a second, a minute or an hour, or how much of their weight.',
  pattern: RATE.source,
  example: '100/min',
});

const COUNT = { type: 'integer', minimum: 1 } as const;

/** What a limit allows for one value of its key. */
const ALLOWANCE = {
  concurrency: z
    .number()
    .optional()
    .meta({ ...COUNT, description: 'Maximum number of requests that run at a time.' }),
  rate: Rate.optional(),
  maxWaiting: z
    .number()
    .optional()
    .meta({ ...COUNT, description: 'Most requests that wait.' }),
};

const Key = z
  .string()
  .meta({ description: '`tenant`, `topic`, `all` or `metadata.NAME`.', example: 'tenant' });

const Limit = z
  .object({
    key: Key,
    ...ALLOWANCE,
    weight: z.string().optional().meta({
      description: 'The metadata with the number that a request counts as for the rate.',
      example: 'metadata.tokens',
    }),
  })
  .meta({ id: 'Limit', description: 'A limit of the requests that share a value of its key.' });

export const LimitList = z.object({ limits: z.array(Limit) }).meta({ id: 'LimitList' });

export const LimitView = z
  .object({
    key: Key,
    value: z.string().optional().meta({ description: 'Absent for the key `all`.', example: 'acme' }),
    ...ALLOWANCE,
    running: z.int().optional().meta({
      description:
        'Requests that run, with places that processes keep for the next ones. Absent without `concurrency`.',
    }),
    waiting: z
      .int()
      .optional()
      .meta({ description: 'Number of waiting requests. Absent without `maxWaiting`.' }),
    changed: z.object(ALLOWANCE).optional().meta({ description: 'What was changed live.' }),
    pausedUntil: Time.optional().meta({ description: 'No request starts before this time.' }),
  })
  .meta({ id: 'LimitView', description: 'What one value of a key allows now, and its current state.' });

export const LimitChangeBody = ownMembers({
  ...ALLOWANCE,
  pausedUntil: z.string().max(SHORT).optional().meta({
    description: 'No request starts before this time. A time that has passed ends a pause.',
    format: 'date-time',
    example: FAR_TIME,
  }),
}).meta({ id: 'LimitChange', description: 'At least one of its members. Absent members stay unchanged.' });

/** Longest value of a key: metadata in S3 has 2 KB in all. */
const VALUE_MAX_LENGTH = 2_048;

export const LimitKey = z.object({
  key: z
    .string()
    .min(1)
    .max(SHORT)
    .meta({ param: { name: 'key', in: 'path' }, example: 'tenant' }),
});

export const LimitValue = ownQuery({
  value: z
    .string()
    .max(VALUE_MAX_LENGTH)
    .optional()
    .meta({
      param: { name: 'value', in: 'query' },
      description: 'The value of the key; left out for the key `all`.',
      example: 'acme',
    }),
});
