import type { Hono } from 'hono';
import * as z from 'zod';
import { activityOf } from '../core/operations/activity.ts';
import {
  ACTIVITY_BUCKET_SECONDS,
  ACTIVITY_FIGURES,
  type ActivityLog,
  MAX_ACTIVITY_HOURS,
} from '../core/ports/activity-log.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { ApiEnv } from './context.ts';
import { ownQuery } from './known-names.ts';
import { NO_STORE } from './no-store.ts';
import { problems } from './openapi.ts';
import { formatTime } from './request-resource.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, queryNumber, Time } from './schemas.ts';

const DEFAULT_HOURS = 6;

const Hours = ownQuery({
  hours: queryNumber(1, MAX_ACTIVITY_HOURS)
    .default(DEFAULT_HOURS)
    .meta({ param: { name: 'hours', in: 'query' }, description: 'How many hours back.' }),
});

const count = (description: string) => z.number().meta({ type: 'integer', minimum: 0, description });

const Activity = z
  .object({
    from: Time.meta({ description: 'When the first bucket begins.' }),
    to: Time.meta({ description: 'When it was read. The last bucket isn’t over then.' }),
    bucketSeconds: z.int().meta({ description: 'The length of a bucket.', example: ACTIVITY_BUCKET_SECONDS }),
    buckets: z
      .array(
        z.object({
          at: Time.meta({ description: 'When it begins.' }),
          submitted: count('Requests that were submitted.'),
          succeeded: count('Requests that succeeded.'),
          failed: count('Requests that failed.'),
          cancelled: count('Requests that were cancelled.'),
          expired: count('Requests that expired.'),
        }),
      )
      .meta({ description: 'All buckets, in order of time. A request that is redriven ends again.' }),
    missing: z.array(z.enum(ACTIVITY_FIGURES)).optional().meta({
      description: 'Counts without any data, which aren’t known to be 0. Absent if there are none.',
    }),
  })
  .meta({ id: 'Activity', description: 'How many requests were submitted and ended, by time.' });

const get = {
  method: 'get',
  path: '/v1/activity',
  operationId: 'getActivity',
  'x-operator': true,
  summary: 'Get the activity of the last hours',
  description: 'Of all tenants. For operators.',
  request: { query: Hours, headers: NoHeaders },
  responses: {
    200: { description: 'The activity.', content: { 'application/json': { schema: Activity } } },
    ...problems(400, 401, 403, 500),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const ACTIVITY_ROUTES = [get];

/** What {@link addActivityRoutes} needs. */
export interface ActivityParts {
  readonly activity: ActivityLog;
  readonly clock: Clock;
}

export function addActivityRoutes(app: Hono<ApiEnv>, { activity, clock }: ActivityParts): void {
  addRoute(app, get, async (c) => {
    const { hours } = c.req.valid('query');
    const { from, to, buckets, missing } = await activityOf(activity, hours, clock.now());
    const answer = {
      from: formatTime(from),
      to: formatTime(to),
      bucketSeconds: ACTIVITY_BUCKET_SECONDS,
      buckets: buckets.map(({ at, ...counts }) => ({ at: formatTime(at), ...counts })),
      ...(missing.length > 0 && { missing: [...missing] }),
    };
    return c.json(answer, 200, NO_STORE);
  });
}
