import type { Hono } from 'hono';
import type { BatchImports } from '../core/intake/batch-imports.ts';
import { batchResourceOf } from './batch-resource.ts';
import { Batch, BatchTicket, ImportedManifest, ManifestForm, ManifestUpload } from './batch-schemas.ts';
import type { ApiEnv, ApiParts } from './context.ts';
import { NO_STORE } from './no-store.ts';
import { jsonBody, problems } from './openapi.ts';
import { ProblemError } from './problem.ts';
import { formatTime } from './request-resource.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, NoQuery } from './schemas.ts';

const OF_ONE = { params: BatchTicket, query: NoQuery, headers: NoHeaders } as const;

const upload = {
  method: 'post',
  path: '/v1/batches/{id}/upload',
  operationId: 'uploadBatchManifest',
  summary: 'Get a form to upload a manifest to S3',
  description: 'A manifest has one item per line, as `POST /v1/batches/{id}/items` takes them. Only on AWS.',
  request: { ...OF_ONE, body: jsonBody(ManifestUpload) },
  responses: {
    201: {
      description: 'How to upload it, and what to import then.',
      content: { 'application/json': { schema: ManifestForm } },
      links: { import: { operationId: 'importBatchManifest', parameters: { id: '$request.path.id' } } },
    },
    ...problems(400, 401, 403, 404, 409, 415, 422, 500),
  },
} as const satisfies Route;

const begin = {
  method: 'post',
  path: '/v1/batches/{id}/import',
  operationId: 'importBatchManifest',
  summary: 'Add the items of a manifest in S3',
  description:
    'The import begins within a minute, and the batch shows how far it is. A batch that is sealed meanwhile is sealed when the import has ' +
    'ended, unless it fails. An item that is there already isn’t added again: a manifest can be imported again. Only on AWS.',
  request: { ...OF_ONE, body: jsonBody(ImportedManifest) },
  responses: {
    202: { description: 'The batch.', content: { 'application/json': { schema: Batch } } },
    ...problems(400, 401, 403, 404, 409, 415, 422, 500),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const BATCH_IMPORT_ROUTES = [upload, begin];

/** Adds the routes of imports. @param imports undefined where none can be */
export function addBatchImportRoutes(
  app: Hono<ApiEnv>,
  imports: BatchImports | undefined,
  parts: ApiParts,
): void {
  addRoute(app, upload, async (c) => {
    const { size } = c.req.valid('json');
    const opened = await required(imports).upload(c.req.valid('param').id, c.get('caller').tenant, size);
    const { manifest, form, expiresAt } = opened;
    const ticket = {
      manifest,
      upload: { method: 'POST' as const, ...form, expiresAt: formatTime(expiresAt) },
    };
    return c.json(ticket, 201, NO_STORE);
  });

  addRoute(app, begin, async (c) => {
    const { manifest } = c.req.valid('json');
    const view = await required(imports).begin(c.req.valid('param').id, c.get('caller').tenant, manifest);
    return c.json(batchResourceOf(view, parts), 202, NO_STORE);
  });
}

/** @throws ProblemError 422 */
function required(imports: BatchImports | undefined): BatchImports {
  if (imports) return imports;
  throw new ProblemError({
    status: 422,
    code: 'manifest_unsupported',
    detail:
      'Only a service on AWS imports manifests: add the lines of the file by POST /v1/batches/{id}/items, as `coatcheck batches submit` does without --manifest',
  });
}
