import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import * as z from 'zod';
import type { ApiAuthName } from '../core/config/settings.ts';
import { FAILURE_ROUTES } from './failure-routes.ts';
import { forGenerators } from './for-generators.ts';
import { LEDGER_ROUTES } from './ledger-routes.ts';
import { LIMIT_ROUTES } from './limit-routes.ts';
import { OPERATIONS_ROUTES } from './operations-routes.ts';
import { PAUSE_ROUTES } from './pause-routes.ts';
import { RECEIPT_ROUTES } from './receipt-routes.ts';
import { REQUEST_ROUTES } from './request-routes.ts';
import type { Route } from './route.ts';
import { BatchItem } from './schemas.ts';
import { SERVICE_ROUTES } from './service-routes.ts';
import { SUBMIT_BATCH_ROUTES } from './submit-batch-route.ts';
import { SUBMIT_ROUTES } from './submit-route.ts';
import { UPLOAD_ROUTES } from './upload-routes.ts';
import { WEBHOOK_ENDPOINT_ROUTES } from './webhook-endpoint-routes.ts';

/** What every host has. */
const ROUTES = [
  ...SUBMIT_ROUTES,
  ...SUBMIT_BATCH_ROUTES,
  ...UPLOAD_ROUTES,
  ...REQUEST_ROUTES,
  ...SERVICE_ROUTES,
  ...PAUSE_ROUTES,
  ...OPERATIONS_ROUTES,
  ...WEBHOOK_ENDPOINT_ROUTES,
  ...LIMIT_ROUTES,
  ...FAILURE_ROUTES,
  ...LEDGER_ROUTES,
  ...RECEIPT_ROUTES,
];

const SECURITY_SCHEMES = {
  iam: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: 'An AWS Signature Version 4 for the service execute-api.',
  },
  jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  key: { type: 'http', scheme: 'bearer', description: 'A key of the service.' },
} as const;

/** How callers are authenticated: as a deployment may choose, or by a key. */
export type DocumentedAuth = ApiAuthName | 'key';

/**
 * The OpenAPI document, generated from the routes. The bundle of the API has the documents instead of this module, because
 * the generator and all of Zod are a third of the API's code.
 * @param more routes that only some hosts have
 */
export function openApiDocument(auth: DocumentedAuth, more: readonly Route[] = []): object {
  const registry = new OpenAPIRegistry();
  for (const route of [...ROUTES, ...more]) registry.registerPath(route);
  // The body of a batch refers to it by name, since each item is checked by itself.
  registry.registerComponent('schemas', 'BatchItem', jsonSchemaOf(BatchItem));
  if (auth !== 'none') registry.registerComponent('securitySchemes', auth, SECURITY_SCHEMES[auth]);
  const document = new OpenApiGeneratorV31(registry.definitions, {
    unionPreferredType: 'oneOf',
  }).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Coatcheck',
      version: '1',
      description: 'Submit a payload, get a ticket, collect the result.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '..', description: 'The base URL of the API.' }],
    security: auth === 'none' ? [] : [{ [auth]: [] }],
  });
  return forGenerators(document);
}

/** The schema of a component that no route has. */
function jsonSchemaOf(schema: z.ZodType): SchemaObject {
  const { $schema: _, ...json } = z.toJSONSchema(schema);
  return JSON.parse(JSON.stringify(json));
}

type SchemaObject = Parameters<OpenAPIRegistry['registerComponent']>[2];
