import type { Hono } from 'hono';
import * as z from 'zod';
import { ledgerOf } from '../core/operations/ledger.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { LedgerBook } from '../core/ports/ledger.ts';
import type { ApiEnv } from './context.ts';
import { NO_STORE } from './no-store.ts';
import { problems } from './openapi.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, NoQuery, Time } from './schemas.ts';

const COUNT = { type: 'integer', minimum: 0 } as const;

const count = (description: string) => z.number().meta({ ...COUNT, description });

const Ledger = z
  .object({
    accepted: count('Requests that were accepted.'),
    ended: z
      .object({
        succeeded: count('Requests that succeeded.'),
        failed: count('Requests that failed, without those in `deadLettered`.'),
        cancelled: count('Requests that were cancelled.'),
        expired: count('Requests that expired.'),
      })
      .meta({
        description: 'Requests that have ended. Those whose record is no longer kept are among them.',
      }),
    waiting: count('Requests that wait.'),
    running: count('Requests that run.'),
    deadLettered: count('Requests that used up their attempts, and whose record is kept.'),
    drift: z.number().meta({
      type: 'integer',
      description: '`accepted` without all the others: 0, or requests are lost.',
    }),
    at: Time,
  })
  .meta({ id: 'Ledger', description: 'What was accepted, and where it is. All figures are of one moment.' });

const get = {
  method: 'get',
  path: '/v1/ledger',
  operationId: 'getLedger',
  'x-operator': true,
  summary: 'Get the ledger of the service',
  description: 'Of all tenants. For operators.',
  request: { query: NoQuery, headers: NoHeaders },
  responses: {
    200: { description: 'The ledger.', content: { 'application/json': { schema: Ledger } } },
    ...problems(400, 401, 403, 500),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const LEDGER_ROUTES = [get];

/** What {@link addLedgerRoutes} needs. */
export interface LedgerParts {
  readonly ledger: LedgerBook;
  readonly clock: Clock;
}

export function addLedgerRoutes(app: Hono<ApiEnv>, { ledger, clock }: LedgerParts): void {
  addRoute(app, get, async (c) => {
    const { at, ...figures } = ledgerOf(await ledger.read(), clock.now());
    return c.json({ ...figures, at: new Date(at).toISOString() }, 200, NO_STORE);
  });
}
