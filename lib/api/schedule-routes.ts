import type { Hono } from 'hono';
import type * as z from 'zod';
import { assertLane } from '../core/intake/assert-lane.ts';
import type { Schedules, ScheduleView } from '../core/intake/schedules.ts';
import { closestOf } from '../core/model/topic.ts';
import { acceptSubmission } from './accept-submission.ts';
import { loadHeader } from './admit.ts';
import type { ApiEnv, ApiParts } from './context.ts';
import { destinationFor } from './destination.ts';
import { nameTarget } from './log-operations.ts';
import { NO_STORE } from './no-store.ts';
import { jsonBody, problems, REQUEST_ANSWER } from './openapi.ts';
import { payloadOf } from './payload-forms.ts';
import { ProblemError } from './problem.ts';
import { answerRequest } from './request-answer.ts';
import {
  checkedMetadata,
  contentTypeOf,
  idempotencyKeyOf,
  priorityOf,
  timeOf,
  topicOf,
} from './request-fields.ts';
import { locationOf } from './request-resource.ts';
import { addRoute, type Route } from './route.ts';
import { NewScheduleBody, RunHeaders, Schedule, ScheduleList, ScheduleName } from './schedule-schemas.ts';
import { NoHeaders, NoQuery } from './schemas.ts';

const PATH = '/v1/schedules';

/** A body that fits its schema can still be no schedule. */
const INVALID = { status: 422, code: 'schedule_invalid', what: 'A schedule' } as const;

const OF_ONE = { params: ScheduleName, query: NoQuery, headers: NoHeaders } as const;

const put = {
  method: 'post',
  path: PATH,
  operationId: 'putSchedule',
  'x-logged': true,
  summary: 'Add a schedule, or replace the one with its name',
  description: 'It submits the payload as a request at each of its runs.',
  request: { query: NoQuery, headers: NoHeaders, body: jsonBody(NewScheduleBody) },
  responses: {
    200: { description: 'The schedule.', content: { 'application/json': { schema: Schedule } } },
    ...problems(400, 401, 403, 409, 415, 422, 500),
  },
} as const satisfies Route;

const list = {
  method: 'get',
  path: PATH,
  operationId: 'listSchedules',
  summary: 'List all schedules',
  request: { query: NoQuery, headers: NoHeaders },
  responses: {
    200: {
      description: 'The schedules, by name.',
      content: { 'application/json': { schema: ScheduleList } },
    },
    ...problems(400, 401, 403, 500),
  },
} as const satisfies Route;

const get = {
  method: 'get',
  path: `${PATH}/{name}`,
  operationId: 'getSchedule',
  summary: 'Get a schedule',
  request: OF_ONE,
  responses: {
    200: { description: 'The schedule.', content: { 'application/json': { schema: Schedule } } },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const remove = {
  method: 'delete',
  path: `${PATH}/{name}`,
  operationId: 'removeSchedule',
  'x-logged': true,
  summary: 'Remove a schedule',
  description: 'Requests that it has already submitted continue.',
  request: OF_ONE,
  responses: {
    204: { description: 'The schedule is removed.' },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const pause = {
  method: 'post',
  path: `${PATH}/{name}/pause`,
  operationId: 'pauseSchedule',
  'x-logged': true,
  summary: 'Pause a schedule',
  description: 'It has no runs until it is resumed. A run that has begun is submitted.',
  request: OF_ONE,
  responses: {
    200: { description: 'The schedule.', content: { 'application/json': { schema: Schedule } } },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const resume = {
  ...pause,
  path: `${PATH}/{name}/resume`,
  operationId: 'resumeSchedule',
  summary: 'Resume a schedule',
  description:
    'Its next run is the next one from now on. Runs of the time in which it was paused are left out.',
} as const satisfies Route;

const runNow = {
  method: 'post',
  path: `${PATH}/{name}/run`,
  operationId: 'runSchedule',
  'x-logged': true,
  summary: 'Run a schedule now',
  description:
    'Submits its request at once, also before its start, after its end and while it is paused. None of these changes. The id of ' +
    'the request is `NAME.TIME.`, with the time of the call and 8 random hexadecimal digits.',
  request: { ...OF_ONE, headers: RunHeaders },
  responses: {
    202: { ...REQUEST_ANSWER, description: 'The request is queued.' },
    ...problems(400, 401, 403, 404, 409, 413, 422, 429, 500, 503),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const SCHEDULE_ROUTES = [put, list, get, remove, pause, resume, runNow];

export function addScheduleRoutes(
  app: Hono<ApiEnv>,
  schedules: Schedules,
  parts: Pick<ApiParts, 'destinations' | 'webhookRules' | 'clock'>,
): void {
  const { destinations } = parts;

  addRoute(app, put, async (c) => {
    const { json, text, base64, contentType, startAt, endAt, metadata, ...given } = c.req.valid('json');
    nameTarget(c, { name: given.name });
    const topic = topicOf('topic', given.topic);
    const { uploadPriorities } = destinationFor('topic', topic, destinations);
    const priority = priorityOf('priority', given.priority);
    // Uploads and schedules reach the same lanes: all of them in a file, and on AWS only that of normal requests.
    assertLane(priority, uploadPriorities);
    const payload = payloadOf({ json, text, base64, contentType }, { refusal: INVALID });
    const added = await schedules.put({
      ...given,
      priority,
      tenant: c.get('caller').tenant,
      payload: payload.bytes,
      contentType: contentTypeOf('contentType', payload.contentType),
      metadata: checkedMetadata(metadata ?? {}),
      startAt: dateOf('startAt', startAt),
      endAt: dateOf('endAt', endAt),
    });
    return c.json(resourceOf(added), 200, NO_STORE);
  });

  addRoute(app, list, async (c) => {
    const listed = await schedules.list(c.get('caller').tenant);
    return c.json({ schedules: listed.map(resourceOf) }, 200, NO_STORE);
  });

  addRoute(app, get, async (c) => {
    const found = await schedules.get(c.req.valid('param').name, c.get('caller').tenant);
    return c.json(resourceOf(found), 200, NO_STORE);
  });

  addRoute(app, pause, async (c) => {
    const paused = await schedules.pause(c.req.valid('param').name, c.get('caller').tenant);
    return c.json(resourceOf(paused), 200, NO_STORE);
  });

  addRoute(app, resume, async (c) => {
    const resumed = await schedules.resume(c.req.valid('param').name, c.get('caller').tenant);
    return c.json(resourceOf(resumed), 200, NO_STORE);
  });

  addRoute(app, runNow, async (c) => {
    const key = idempotencyKeyOf('Idempotency-Key', c.req.valid('header')['idempotency-key']);
    const schedule = { name: c.req.valid('param').name, tenant: c.get('caller').tenant };
    const { record, load } = await schedules.runNow(schedule, key, (input) =>
      acceptSubmission(input, closestOf(destinations, input.topic) ?? destinations[0]),
    );
    // Relative to /v1/schedules/NAME/run.
    const headers = { ...loadHeader(load), Location: `../../${locationOf(record)}` };
    return answerRequest(c, record, parts, { status: 202, isSubmitted: true, headers });
  });

  addRoute(app, remove, async (c) => {
    const { name } = c.req.valid('param');
    if (await schedules.remove(name, c.get('caller').tenant)) return c.body(null, 204, NO_STORE);
    throw new ProblemError({ status: 404, code: 'schedule_unknown', detail: `There is no schedule ${name}` });
  });
}

function dateOf(field: string, text: string | undefined): Date | undefined {
  const time = timeOf(field, text);
  return time === undefined ? undefined : new Date(time);
}

function resourceOf({
  startAt,
  endAt,
  createdAt,
  pausedAt,
  lastRun,
  lastManualRun,
  nextRuns,
  ...view
}: ScheduleView): z.infer<typeof Schedule> {
  return {
    ...view,
    ...(startAt && { startAt: startAt.toISOString() }),
    ...(endAt && { endAt: endAt.toISOString() }),
    createdAt: createdAt.toISOString(),
    ...(pausedAt && { pausedAt: pausedAt.toISOString() }),
    ...(lastRun && { lastRun: runResourceOf(lastRun) }),
    ...(lastManualRun && { lastManualRun: runResourceOf(lastManualRun) }),
    nextRuns: nextRuns.map((run) => run.toISOString()),
  };
}

function runResourceOf({ at, requestId }: NonNullable<ScheduleView['lastRun']>) {
  return { at: at.toISOString(), requestId };
}
