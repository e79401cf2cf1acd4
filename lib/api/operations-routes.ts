import type { Hono } from 'hono';
import * as z from 'zod';
import type { ApiEnv, ApiParts } from './context.ts';
import { NO_STORE } from './no-store.ts';
import { problems } from './openapi.ts';
import { formatTime } from './request-resource.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, NoQuery, Time } from './schemas.ts';

const Setting = z
  .object({
    name: z.string().meta({ description: 'Its name in code.', example: 'maxAttempts' }),
    value: z.unknown().optional().meta({
      description: 'Absent for secrets, and for settings that are off or unknown.',
      example: 5,
    }),
    unit: z.string().optional().meta({ example: 'attempts' }),
    default: z.unknown().optional().meta({
      description: 'Absent if it depends on other settings, or if the setting is off by default.',
      example: 5,
    }),
    setBy: z.string().optional().meta({
      description:
        'What sets it: `prop NAME` of `AsyncService`, or `variable NAME`. Absent where nothing outside of the program does.',
      example: 'variable COATCHECK_MAX_ATTEMPTS',
    }),
    from: z.string().meta({
      description:
        'Where the value came from: `default`, `deployment`, `program`, `file`, `option NAME` or `variable NAME`.',
      example: 'variable COATCHECK_MAX_ATTEMPTS',
    }),
  })
  .meta({ id: 'Setting', description: 'A setting in effect.' });

const Alarm = z
  .object({
    name: z.string().meta({ description: 'As docs/operations.md names it.', example: 'DeadLetters' }),
    state: z.enum(['ok', 'alarm', 'unknown']),
    since: Time.optional().meta({ description: 'Since when, if that is known.' }),
    reason: z.string().optional().meta({ description: 'Why it is in this state, for people.' }),
    description: z.string().meta({ description: 'What raises it, and what to do then.' }),
  })
  .meta({ id: 'Alarm' });

export const SettingList = z.object({ settings: z.array(Setting) }).meta({ id: 'SettingList' });

export const AlarmList = z.object({ alarms: z.array(Alarm) }).meta({ id: 'AlarmList' });

const settings = {
  method: 'get',
  path: '/v1/settings',
  operationId: 'listSettings',
  'x-operator': true,
  summary: 'List the settings in effect',
  description: 'Each with its source. Values of secrets aren’t shown. For operators.',
  request: { query: NoQuery, headers: NoHeaders },
  responses: {
    200: { description: 'The settings.', content: { 'application/json': { schema: SettingList } } },
    ...problems(400, 401, 403),
  },
} as const satisfies Route;

const alarms = {
  method: 'get',
  path: '/v1/alarms',
  operationId: 'listAlarms',
  'x-operator': true,
  summary: 'List the alarms of the service',
  description: 'With their states, and what to do about them. For operators.',
  request: { query: NoQuery, headers: NoHeaders },
  responses: {
    200: { description: 'The alarms.', content: { 'application/json': { schema: AlarmList } } },
    ...problems(400, 401, 403, 500),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const OPERATIONS_ROUTES = [settings, alarms];

export function addOperationsRoutes(app: Hono<ApiEnv>, parts: Pick<ApiParts, 'settings' | 'alarms'>): void {
  addRoute(app, settings, async (c) => {
    return c.json({ settings: parts.settings }, 200, NO_STORE);
  });

  addRoute(app, alarms, async (c) => {
    const read = await parts.alarms.read();
    const shown = read.map(({ since, ...alarm }) => ({
      ...alarm,
      ...(since !== undefined && { since: formatTime(since) }),
    }));
    return c.json({ alarms: shown }, 200, NO_STORE);
  });
}
