import type { Hono } from 'hono';
import * as z from 'zod';
import type { ApiEnv, ApiParts } from './context.ts';
import { NO_STORE } from './no-store.ts';
import { problems } from './openapi.ts';
import { ProblemError } from './problem.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, NoQuery } from './schemas.ts';

/** Public keys as the API describes them. */
export const ReceiptKeys = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        x: z.string().meta({ description: 'The public key, in base64url.' }),
        kid: z.string().meta({ description: 'Its thumbprint, by RFC 7638.' }),
        alg: z.literal('EdDSA'),
        use: z.literal('sig'),
      }),
    ),
  })
  .meta({ id: 'ReceiptKeys', description: 'A JSON Web Key Set.' });

const list = {
  method: 'get',
  path: '/v1/receipts/keys',
  operationId: 'listReceiptKeys',
  summary: 'List the public keys that receipts are verified with',
  description:
    'The header `Coatcheck-Receipt` has a receipt: in answers to `POST /v1/requests`, to `POST /v1/uploads` with `sha256`, and to ' +
    '`POST /v1/batches/{id}/items` if no line is refused.',
  request: { query: NoQuery, headers: NoHeaders },
  responses: {
    200: { description: 'The keys.', content: { 'application/json': { schema: ReceiptKeys } } },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const RECEIPT_ROUTES = [list];

export function addReceiptRoutes(app: Hono<ApiEnv>, { receipts }: ApiParts): void {
  addRoute(app, list, async (c) => {
    if (receipts) return c.json({ keys: [...(await receipts.read()).keys] }, 200, NO_STORE);
    throw new ProblemError({
      status: 404,
      code: 'receipts_off',
      detail:
        'This service issues no receipts: set api.receipts, or COATCHECK_RECEIPT_KEY of coatcheck serve',
    });
  });
}
