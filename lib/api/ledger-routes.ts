import type { Hono } from 'hono';
import * as z from 'zod';
import type { Ledger } from '../core/ports/ledger.ts';
import type { ApiEnv, ApiParts } from './context.ts';
import { NO_STORE } from './no-store.ts';
import { problems } from './openapi.ts';
import { ProblemError } from './problem.ts';
import { formatTime } from './request-resource.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, NoQuery, Time } from './schemas.ts';

const COUNT = { type: 'integer', minimum: 0 } as const;

const count = (description: string) => z.number().meta({ ...COUNT, description });

/** The ledger as the API describes it. */
export const LedgerResource = z
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
        description: 'Requests that have ended, including those whose record is no longer kept.',
      }),
    waiting: count('Requests that wait.'),
    running: count('Requests that run.'),
    deadLettered: count('Requests that used up their attempts, and whose record is kept.'),
    drift: z.number().meta({
      type: 'integer',
      description: '`accepted` minus all the others. Anything but 0 means that requests are lost.',
    }),
    at: Time,
    audit: z
      .object({
        verdicts: z.record(z.string(), z.number().meta({ ...COUNT })).meta({
          description: 'The number of findings of each verdict; verdicts without findings are left out.',
        }),
        seconds: z.number().meta({ description: 'How long it took.' }),
      })
      .optional()
      .meta({
        description:
          'The audit that the figures come from, where the service can’t count at any moment: they are of `at`, when it began, and of the requests whose record is kept.',
      }),
  })
  .meta({
    id: 'Ledger',
    description: 'Accepted requests by where they are now. All figures are of the same moment.',
  });

const get = {
  method: 'get',
  path: '/v1/ledger',
  operationId: 'getLedger',
  'x-operator': true,
  summary: 'Get the ledger of the service',
  description: 'Of all tenants. For operators.',
  request: { query: NoQuery, headers: NoHeaders },
  responses: {
    200: { description: 'The ledger.', content: { 'application/json': { schema: LedgerResource } } },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const LEDGER_ROUTES = [get];

export function addLedgerRoutes(app: Hono<ApiEnv>, { ledger }: ApiParts): void {
  addRoute(app, get, async (c) => {
    const read = await ledger?.read();
    if (read) return c.json(resourceOf(read), 200, NO_STORE);
    throw new ProblemError({
      status: 404,
      code: 'ledger_off',
      detail:
        'This service has no ledger yet: an audit takes it. Set observability.audit, and wait until the first audit has ended, or invoke ' +
        'the function of the audit with {}',
    });
  });
}

function resourceOf({ at, audit, ...figures }: Ledger): z.infer<typeof LedgerResource> {
  return {
    ...figures,
    at: formatTime(at),
    ...(audit && { audit: { verdicts: { ...audit.verdicts }, seconds: audit.seconds } }),
  };
}
