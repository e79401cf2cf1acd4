import type { Hono } from 'hono';
import { BINARY_TYPE } from '../core/base/media-type.ts';
import { acceptSubmission } from './accept-submission.ts';
import { loadHeader } from './admit.ts';
import type { ApiEnv, ApiParts } from './context.ts';
import { destinationFor } from './destination.ts';
import { problems, REQUEST_ANSWER } from './openapi.ts';
import { preferredWaitSeconds } from './prefer-header.ts';
import { receiptHeader, requestReceipt } from './receipt-header.ts';
import { answerRequest, heldUntilEnd } from './request-answer.ts';
import {
  callbackUrlOf,
  contentEncodingFor,
  contentLanguageOf,
  contentTypeOf,
  expiryOf,
  idempotencyKeyOf,
  metadataOfHeaders,
  minVersionOf,
  orderingKeyOf,
  priorityOf,
  requestIdOf,
  timeOf,
  topicOf,
  traceOf,
} from './request-fields.ts';
import { locationOf } from './request-resource.ts';
import { addRoute, type Route } from './route.ts';
import { NoQuery, SubmitHeaders } from './schemas.ts';

/**
 * The payload, as client generators can use it. Plain schemas rather than zod's, so that nothing validates the body:
 * what it holds is for the handler to judge.
 *
 * openapi-python-client 0.29 fails on a body of type `*\/*`, and of several bodies it sends JSON only if that is an
 * object. Offered bytes alone, users of openapi-fetch 0.17 pass text that is JSON, and it encodes that once more.
 */
const PAYLOAD_CONTENT = {
  'application/json': { schema: { type: 'object', additionalProperties: true } },
  [BINARY_TYPE]: { schema: { type: 'string', format: 'binary' } },
} as const;

const route = {
  method: 'post',
  path: '/v1/requests',
  operationId: 'submitRequest',
  summary: 'Submit a payload',
  description:
    'The body is the payload, up to about 4 MB; use `POST /v1/uploads` for larger ones. Any content type is allowed; ' +
    'only the two that client generators support are listed. JSON may be any value. ' +
    'Headers `Coatcheck-Metadata-NAME`, or one header `Coatcheck-Metadata`, carry metadata for the handler. Where the service gives receipts, the header `Coatcheck-Receipt` of the answer has one.',
  request: {
    query: NoQuery,
    headers: SubmitHeaders,
    body: {
      required: true,
      description: 'The payload.',
      content: PAYLOAD_CONTENT,
    },
  },
  responses: {
    200: { ...REQUEST_ANSWER, description: 'The request has ended within the time given by `Prefer`.' },
    202: { ...REQUEST_ANSWER, description: 'The request is queued.' },
    ...problems(400, 401, 403, 409, 413, 415, 422, 429, 500, 503),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const SUBMIT_ROUTES = [route];

export function addSubmitRoute(app: Hono<ApiEnv>, parts: ApiParts): void {
  addRoute(app, route, async (c) => {
    const { clock, webhookRules } = parts;
    const cameAt = clock.now();
    const { tenant } = c.get('caller');
    const headers = c.req.valid('header');
    const topic = topicOf('Coatcheck-Topic', headers['coatcheck-topic']);
    const destination = destinationFor('Coatcheck-Topic', topic, parts.destinations);
    const idempotencyKey = idempotencyKeyOf('Idempotency-Key', headers['idempotency-key']);
    const id = requestIdOf('Coatcheck-Request-Id', headers['coatcheck-request-id'], idempotencyKey);
    const input = {
      tenant,
      id,
      idempotencyKey,
      contentType: contentTypeOf('Content-Type', c.req.header('content-type') ?? BINARY_TYPE),
      contentEncoding: contentEncodingFor(headers['content-encoding']),
      contentLanguage: contentLanguageOf(headers['content-language']),
      metadata: metadataOfHeaders(c.req.raw.headers),
      notBefore: timeOf('Coatcheck-Not-Before', headers['coatcheck-not-before']),
      // A call with an id can be repeated after the request has expired.
      expiresAt: expiryOf(
        'Coatcheck-Expires-At',
        headers['coatcheck-expires-at'],
        id === undefined ? cameAt : undefined,
      ),
      minVersion: minVersionOf('Coatcheck-Min-Version', headers['coatcheck-min-version'], destination),
      orderingKey: orderingKeyOf('Coatcheck-Ordering-Key', headers['coatcheck-ordering-key'], destination),
      topic,
      priority: priorityOf('Coatcheck-Priority', headers['coatcheck-priority']),
      callbackUrl: callbackUrlOf(headers['coatcheck-callback-url'], webhookRules),
      ...traceOf(headers),
      payload: new Uint8Array(await c.req.arrayBuffer()),
    };
    // First: a request whose receipt can't be signed isn't accepted.
    const signer = await parts.receipts?.read();
    const { record: submitted, load } = await acceptSubmission(input, destination);
    const wait = preferredWaitSeconds(headers.prefer);
    const record = await heldUntilEnd(submitted, wait, parts, cameAt);
    const answered = {
      ...loadHeader(load),
      Location: locationOf(record),
      ...(signer &&
        (await receiptHeader(signer, await requestReceipt(parts.serviceName, record, input.payload)))),
    };
    const status = record.outcome && wait !== undefined ? 200 : 202;
    return answerRequest(c, record, parts, { status, wait, isSubmitted: true, headers: answered });
  });
}
