import type { Context, Hono } from 'hono';
import { isOfType } from '../core/base/media-type.ts';
import { quote } from '../core/base/quote.ts';
import type { BatchImports } from '../core/intake/batch-imports.ts';
import type { Batches } from '../core/intake/batches.ts';
import { manifestLine } from '../core/intake/manifest-line.ts';
import { NDJSON_TYPE } from '../core/model/batch-lines.ts';
import type { BatchView } from '../core/model/batch-view.ts';
import { batchPath } from '../core/model/request-links.ts';
import type { StoredItem } from '../core/ports/batch-store.ts';
import { addBatchImportRoutes, BATCH_IMPORT_ROUTES } from './batch-import-routes.ts';
import { batchResourceOf } from './batch-resource.ts';
import {
  AddedItems,
  Batch,
  BatchListQuery,
  BatchPage,
  BatchResultsAnswer,
  BatchResultsQuery,
  BatchTicket,
  CreateBatchHeaders,
  ItemLine,
  MAX_RESULTS,
  ManifestLine,
  NewBatchBody,
} from './batch-schemas.ts';
import type { ApiEnv, ApiParts } from './context.ts';
import { destinationFor } from './destination.ts';
import { addLines, linesOf } from './item-lines.ts';
import { NO_STORE } from './no-store.ts';
import { jsonBody, problems } from './openapi.ts';
import { ProblemError, problemBody } from './problem.ts';
import { itemsReceipt, receiptHeader } from './receipt-header.ts';
import {
  callbackUrlOf,
  checkedMetadata,
  expiryOf,
  idempotencyKeyOf,
  timeOf,
  topicOf,
} from './request-fields.ts';
import { assertKept, redirectTo } from './result-answer.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, NoQuery } from './schemas.ts';

const PATH = '/v1/batches';

const OF_ONE = { params: BatchTicket, query: NoQuery, headers: NoHeaders } as const;

const BATCH_ANSWER = {
  description: 'The batch.',
  content: { 'application/json': { schema: Batch } },
} as const;

const create = {
  method: 'post',
  path: PATH,
  operationId: 'createBatch',
  summary: 'Create a batch',
  description:
    'Many requests under one ticket: create a batch, add its items by as many calls as it takes, and seal it. For up to 100 requests ' +
    'that have nothing in common, one call of `POST /v1/requests:batch` does.',
  request: {
    query: NoQuery,
    headers: CreateBatchHeaders,
    // All of its members are optional.
    body: { ...jsonBody(NewBatchBody), required: false },
  },
  responses: { 201: BATCH_ANSWER, ...problems(400, 401, 403, 415, 422, 500) },
} as const satisfies Route;

const list = {
  method: 'get',
  path: PATH,
  operationId: 'listBatches',
  summary: 'List batches, newest first',
  request: { query: BatchListQuery, headers: NoHeaders },
  responses: {
    200: { description: 'A page of batches.', content: { 'application/json': { schema: BatchPage } } },
    ...problems(400, 401, 403, 500),
  },
} as const satisfies Route;

const get = {
  method: 'get',
  path: `${PATH}/{id}`,
  operationId: 'getBatch',
  summary: 'Get a batch',
  request: OF_ONE,
  responses: { 200: BATCH_ANSWER, ...problems(400, 401, 403, 404, 500) },
} as const satisfies Route;

const addItems = {
  method: 'post',
  path: `${PATH}/{id}/items`,
  operationId: 'addBatchItems',
  summary: 'Add items to a batch',
  description:
    'One item a line. Each runs at once. A line that is refused doesn’t affect the others, and an item that is there already isn’t added ' +
    'again: the call can be repeated safely. If no line is refused, and where the service gives receipts, the header `Coatcheck-Receipt` of ' +
    'the answer has one of the whole body.',
  request: {
    ...OF_ONE,
    body: { required: true, content: { [NDJSON_TYPE]: { schema: ItemLine } } },
  },
  responses: {
    200: {
      description: 'What became of the lines.',
      content: { 'application/json': { schema: AddedItems } },
    },
    ...problems(400, 401, 403, 404, 409, 413, 415, 500),
  },
} as const satisfies Route;

const seal = {
  method: 'post',
  path: `${PATH}/{id}/seal`,
  operationId: 'sealBatch',
  summary: 'Seal a batch',
  description:
    'It takes no more items, and ends when all of its items have ended. While it imports a manifest, it is sealed after that. It can be sealed again.',
  request: OF_ONE,
  responses: { 200: BATCH_ANSWER, ...problems(400, 401, 403, 404, 500) },
} as const satisfies Route;

const cancel = {
  method: 'post',
  path: `${PATH}/{id}/cancel`,
  operationId: 'cancelBatch',
  'x-logged': true,
  summary: 'Cancel a batch',
  description:
    'It takes no more items, and those that haven’t ended are cancelled. A batch that has ended stays as it is.',
  request: OF_ONE,
  responses: { 200: BATCH_ANSWER, ...problems(400, 401, 403, 404, 500) },
} as const satisfies Route;

const results = {
  method: 'get',
  path: `${PATH}/{id}/results`,
  operationId: 'getBatchResults',
  summary: 'Get the results of a batch',
  description:
    'One line an item, in the order in which they were added, each once; those that haven’t ended have no result yet. Some hosts answer ' +
    'with a part of the lines, and so do all with a `limit`: then the header `Link` has the rest, with the relation `next`.',
  request: { ...OF_ONE, query: BatchResultsQuery },
  responses: {
    200: {
      description: 'The lines.',
      headers: BatchResultsAnswer,
      content: { [NDJSON_TYPE]: { schema: ManifestLine } },
    },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const manifest = {
  method: 'get',
  path: `${PATH}/{id}/manifest`,
  operationId: 'getBatchManifest',
  summary: 'Get the file with all results of a batch',
  description:
    'The lines of `GET /v1/batches/{id}/results` as one file, as they were when the batch had ended. Only on AWS.',
  request: OF_ONE,
  responses: {
    202: { ...BATCH_ANSWER, description: 'The batch, whose manifest isn’t written yet.' },
    303: {
      description: 'The file is at `Location` for 15 minutes. Fetch it without the `Authorization` header.',
    },
    ...problems(400, 401, 403, 404, 410, 500),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const BATCH_ROUTES = [
  ...[create, list, get, addItems, seal, cancel, results, manifest],
  ...BATCH_IMPORT_ROUTES,
];

/** Lines that are sent together. */
const LINES_TOGETHER = 100;

/**
 * After how many bytes a response with a part of the results ends. API Gateway and Lambda take 6 MB, in which quotation marks are escaped,
 * and {@link LINES_TOGETHER} may follow.
 */
const PART_BYTES = 2_097_152;

/** What hosts do differently. */
export interface BatchRouteOptions {
  /** Most lines of results in a response. @default - all, as the client reads them */
  readonly maxResults?: number;
  /** Whether all results of a batch become one file. @default false */
  readonly manifests?: boolean;
  /** Imports items from objects. @default - the host has no imports */
  readonly imports?: BatchImports;
}

/** Adds the routes of batches. */
export function addBatchRoutes(
  app: Hono<ApiEnv>,
  batches: Batches,
  parts: ApiParts,
  { maxResults, manifests = false, imports }: BatchRouteOptions = {},
): void {
  addBatchImportRoutes(app, imports, parts);

  addRoute(app, create, async (c) => {
    const { topic: given, metadata, notBefore, expiresAt, callbackUrl } = c.req.valid('json');
    const topic = topicOf('topic', given);
    // Without one, each item needs its own.
    if (topic !== undefined) destinationFor('topic', topic, parts.destinations);
    const created = await batches.create({
      tenant: c.get('caller').tenant,
      topic,
      metadata: checkedMetadata(metadata ?? {}),
      notBefore: timeOf('notBefore', notBefore),
      expiresAt: expiryOf('expiresAt', expiresAt, parts.clock.now()),
      callbackUrl: callbackUrlOf(callbackUrl, parts.webhookRules),
      idempotencyKey: idempotencyKeyOf('Idempotency-Key', c.req.valid('header')['idempotency-key']),
    });
    return c.json(batchResourceOf(created, parts), 201, { ...NO_STORE, Location: `batches/${created.id}` });
  });

  addRoute(app, list, async (c) => {
    const { cursor, limit } = c.req.valid('query');
    const after = cursor === undefined ? undefined : positionIn(cursor);
    const page = await batches.list({ tenant: c.get('caller').tenant, after, limit });
    const next = page.next && Buffer.from(page.next).toString('base64url');
    return c.json(
      { batches: page.batches.map((view) => batchResourceOf(view, parts)), ...(next && { next }) },
      200,
      NO_STORE,
    );
  });

  addRoute(app, get, async (c) => answer(c, await batches.get(c.req.valid('param').id, tenantOf(c)), parts));

  addRoute(app, addItems, async (c) => {
    assertNdjson(c.req.header('content-type'));
    const body = new Uint8Array(await c.req.arrayBuffer());
    const lines = linesOf(body);
    const { id } = c.req.valid('param');
    // First: lines whose receipt can't be signed aren't added.
    const signer = await parts.receipts?.read();
    const { refused, ...counts } = await addLines(lines, id, tenantOf(c), { batches, parts });
    const listed = refused.map(({ problem, ...line }) => ({ ...line, problem: problemBody(problem) }));
    const about = { batchId: id, body, lines: lines.length, at: parts.clock.now() };
    const headers = {
      ...NO_STORE,
      // A digest of all lines says nothing about some of them, and a receipt of no lines says nothing.
      ...(signer &&
        lines.length > 0 &&
        refused.length === 0 &&
        (await receiptHeader(signer, await itemsReceipt(parts.serviceName, about)))),
    };
    return c.json({ ...counts, refused: listed }, 200, headers);
  });

  addRoute(app, seal, async (c) =>
    answer(c, await batches.seal(c.req.valid('param').id, tenantOf(c)), parts),
  );

  addRoute(app, cancel, async (c) =>
    answer(c, await batches.cancel(c.req.valid('param').id, tenantOf(c)), parts),
  );

  addRoute(app, results, async (c) => {
    const { id } = c.req.valid('param');
    const { cursor, limit = maxResults } = c.req.valid('query');
    const headers = { ...NO_STORE, 'Content-Type': NDJSON_TYPE };
    if (limit === undefined && cursor === undefined) {
      return c.body(manifestOf(await batches.items(id, tenantOf(c)), parts), 200, headers);
    }
    const after = cursor === undefined ? undefined : positionIn(cursor);
    const most = Math.min(limit ?? MAX_RESULTS, maxResults ?? MAX_RESULTS);
    const { text, next } = await partOf(batches, { id, tenant: tenantOf(c), after, most }, parts);
    const query = new URLSearchParams({
      cursor: Buffer.from(next ?? '').toString('base64url'),
      limit: String(most),
    });
    return c.body(text, 200, { ...headers, ...(next && { Link: `<results?${query}>; rel="next"` }) });
  });

  addRoute(app, manifest, async (c) => {
    const view = await batches.get(c.req.valid('param').id, tenantOf(c));
    if (!manifests) throw noManifest(view);
    const { manifest: file, endedAt } = view;
    if (!file || !endedAt) return c.json(batchResourceOf(view, parts), 202, NO_STORE);
    assertKept(endedAt.getTime(), parts);
    return redirectTo(c, file, parts);
  });
}

/** The lines of a part of a manifest, and the position after which the others come. */
async function partOf(
  batches: Batches,
  {
    id,
    tenant,
    after,
    most,
  }: {
    readonly id: string;
    readonly tenant: string | undefined;
    readonly after: string | undefined;
    readonly most: number;
  },
  { clock, resultAgeDays }: Pick<ApiParts, 'clock' | 'resultAgeDays'>,
): Promise<{ readonly text: string; readonly next: string | undefined }> {
  const lines: string[] = [];
  let bytes = 0;
  let next = after;
  do {
    const limit = Math.min(LINES_TOGETHER, most - lines.length);
    const page = await batches.page(id, tenant, next, limit);
    for (const item of page.items) {
      const line = `${manifestLine(item, { resultAgeDays, now: clock.now() })}\n`;
      bytes += Buffer.byteLength(line);
      lines.push(line);
    }
    next = page.next;
  } while (next !== undefined && lines.length < most && bytes < PART_BYTES);
  return { text: lines.join(''), next };
}

function tenantOf(c: Context<ApiEnv>): string | undefined {
  return c.get('caller').tenant;
}

function answer(c: Context<ApiEnv>, view: BatchView, parts: ApiParts) {
  return c.json(batchResourceOf(view, parts), 200, NO_STORE);
}

function noManifest({ id }: BatchView): ProblemError {
  return new ProblemError({
    status: 404,
    code: 'manifest_unknown',
    detail: `The batch ${id} has no manifest, because only a service on AWS writes one: GET ${batchPath(id, '/results')} returns all results`,
  });
}

/** The lines of a manifest. They are read when the client takes them, so that one of any length needs little memory. */
function manifestOf(
  items: AsyncGenerator<StoredItem, void>,
  { clock, resultAgeDays }: Pick<ApiParts, 'clock' | 'resultAgeDays'>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const lines: string[] = [];
      while (lines.length < LINES_TOGETHER) {
        const { done, value } = await items.next();
        if (done) break;
        lines.push(`${manifestLine(value, { resultAgeDays, now: clock.now() })}\n`);
      }
      if (lines.length > 0) controller.enqueue(encoder.encode(lines.join('')));
      if (lines.length < LINES_TOGETHER) controller.close();
    },
    async cancel() {
      await items.return();
    },
  });
}

/** @throws ProblemError 415 */
function assertNdjson(contentType: string | undefined): void {
  if (contentType !== undefined && NDJSON_TYPES.some((type) => isOfType(contentType, type))) return;
  throw new ProblemError({
    status: 415,
    code: 'content_type_invalid',
    detail: `Content-Type must be ${NDJSON_TYPE}, got ${contentType ?? 'none'}`,
  });
}

/** There is no registered type. */
const NDJSON_TYPES = [NDJSON_TYPE, 'application/ndjson', 'application/jsonl'];

/** @throws ProblemError 400 for what is no cursor */
function positionIn(cursor: string): string {
  const position = Buffer.from(cursor, 'base64url').toString();
  // A number, or with what follows it on DynamoDB.
  if (/^\d{1,15}(?:[#.][\w-]{1,64})?$/.test(position)) return position;
  throw new ProblemError({
    status: 400,
    code: 'request_malformed',
    detail: `cursor must be the \`next\` of a previous page, got ${quote(cursor)}`,
  });
}
