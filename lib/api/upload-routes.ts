import type { Hono } from 'hono';
import type * as z from 'zod';
import { BINARY_TYPE } from '../core/base/media-type.ts';
import { assertLane } from '../core/intake/assert-lane.ts';
import { assertSchedulable } from '../core/intake/assert-schedulable.ts';
import { leavingIfRefused } from '../core/intake/submit-admitted.ts';
import { goesInParts, type UploadRequest, type UploadWay } from '../core/intake/uploads.ts';
import { idOfSegment } from '../core/model/id-segment.ts';
import type { RequestIdentity } from '../core/model/request-id.ts';
import { TOPIC_METADATA } from '../core/model/topic.ts';
import { admit, loadHeader } from './admit.ts';
import type { ApiEnv, ApiParts, Caller } from './context.ts';
import { destinationFor } from './destination.ts';
import { leaveWaiting } from './leave-waiting.ts';
import { NO_STORE } from './no-store.ts';
import { jsonBody, problems, REQUEST_ANSWER } from './openapi.ts';
import { ProblemError } from './problem.ts';
import { receiptHeader, uploadReceipt } from './receipt-header.ts';
import { answerRequest, requestHeaders } from './request-answer.ts';
import {
  callbackUrlOf,
  checkedMetadata,
  contentEncodingFor,
  contentLanguageOf,
  contentTypeOf,
  digestOf,
  expiryOf,
  minVersionOf,
  orderingKeyOf,
  placedMetadata,
  priorityOf,
  timeOf,
  topicOf,
  traceOf,
} from './request-fields.ts';
import { formatTime, listedResourceOf, locationOf, resourceOf } from './request-resource.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, NoQuery, Ticket } from './schemas.ts';
import {
  PartUrls,
  PartUrlsRequestBody,
  UploadAbortion,
  UploadCompletion,
  UploadRequestBody,
  UploadTicket,
} from './upload-schemas.ts';

/** A link to an operation on the same upload. */
function linkTo(operationId: string) {
  return { operationId, parameters: { id: '$response.body#/request/id' } };
}

const open = {
  method: 'post',
  path: '/v1/uploads',
  operationId: 'openUpload',
  summary: 'Get a ticket to upload a payload to S3',
  description:
    'Payloads up to 5 GiB are uploaded by a form; larger ones, and any if the client asks for it, in parts. Until the ' +
    'payload is uploaded, the request is `awaiting_upload`. With `sha256`, and where the service gives receipts, the header ' +
    '`Coatcheck-Receipt` of the answer has one of the ticket. It doesn’t say that the payload arrived.',
  request: { query: NoQuery, headers: NoHeaders, body: jsonBody(UploadRequestBody) },
  responses: {
    201: {
      description: 'The ticket, and how to upload.',
      content: { 'application/json': { schema: UploadTicket } },
      links: {
        parts: linkTo('getPartUrls'),
        complete: linkTo('completeUpload'),
        abort: linkTo('abortUpload'),
      },
    },
    ...problems(400, 401, 403, 413, 415, 422, 429, 500, 503),
  },
} as const satisfies Route;

const parts = {
  method: 'post',
  path: '/v1/uploads/{id}/parts',
  operationId: 'getPartUrls',
  summary: 'Get upload URLs for parts',
  description:
    'Each URL takes one PUT within an hour. Completing the upload takes the ETags that S3 returns.',
  request: { params: Ticket, query: NoQuery, headers: NoHeaders, body: jsonBody(PartUrlsRequestBody) },
  responses: {
    200: { description: 'One URL per part.', content: { 'application/json': { schema: PartUrls } } },
    ...problems(400, 401, 403, 404, 409, 415, 500),
  },
} as const satisfies Route;

const complete = {
  method: 'post',
  path: '/v1/uploads/{id}/complete',
  operationId: 'completeUpload',
  summary: 'Complete an upload in parts',
  request: { params: Ticket, query: NoQuery, headers: NoHeaders, body: jsonBody(UploadCompletion) },
  responses: {
    202: { ...REQUEST_ANSWER, description: 'The current request; S3 notifies the queue within seconds.' },
    ...problems(400, 401, 403, 404, 409, 415, 500),
  },
} as const satisfies Route;

const abort = {
  method: 'post',
  path: '/v1/uploads/{id}/abort',
  operationId: 'abortUpload',
  summary: 'Abort an upload in parts and cancel the request',
  request: { params: Ticket, query: NoQuery, headers: NoHeaders, body: jsonBody(UploadAbortion) },
  responses: {
    200: { ...REQUEST_ANSWER, description: 'The cancelled request.' },
    ...problems(400, 401, 403, 404, 409, 415, 500),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const UPLOAD_ROUTES = [open, parts, complete, abort];

export function addUploadRoutes(app: Hono<ApiEnv>, api: ApiParts): void {
  const { uploads, destinations, clock, webhookRules } = api;
  addRoute(app, open, async (c) => {
    const { tenant } = c.get('caller');
    const { multipart = false, contentType = BINARY_TYPE, metadata = {}, ...body } = c.req.valid('json');
    assertCheckable({ ...body, multipart });
    // The metadata of the object says it, too, where a client wrote it there by itself.
    const { [TOPIC_METADATA]: noted } = metadata;
    const topic = body.topic === undefined ? topicOf('metadata.topic', noted) : topicOf('topic', body.topic);
    const destination = destinationFor('topic', topic, destinations);
    const orderingKey = orderingKeyOf('orderingKey', body.orderingKey, destination);
    const input = {
      tenant,
      size: body.size,
      sha256: digestOf('sha256', body.sha256),
      multipart,
      contentType: contentTypeOf('contentType', contentType),
      contentEncoding: contentEncodingFor(body.contentEncoding),
      contentLanguage: contentLanguageOf(body.contentLanguage),
      metadata: checkedMetadata(placedMetadata(metadata, { orderingKey, topic })),
      notBefore: timeOf('notBefore', body.notBefore),
      expiresAt: expiryOf('expiresAt', body.expiresAt, clock.now()),
      minVersion: minVersionOf('minVersion', body.minVersion, destination),
      topic,
      priority: priorityOf('priority', body.priority),
      callbackUrl: callbackUrlOf(body.callbackUrl, webhookRules),
      ...traceOf(c.req.header()),
    };
    assertLane(input.priority, destination.uploadPriorities);
    assertSchedulable(input, { maxDelaySeconds: destination.maxUploadDelaySeconds }, clock.now());
    // Processors don't know the metadata of an upload when they count it out.
    const submitter = { ...input, metadata: {} };
    const { sha256 } = input;
    // First: a ticket whose receipt can't be signed isn't given.
    const signer = sha256 === undefined ? undefined : await api.receipts?.read();
    const { load, countsAsWaiting } = await admit(destination.admission, submitter);
    const { record, upload } = await leavingIfRefused(submitter, destination.admission, () =>
      uploads.open({ ...input, countsAsWaiting }),
    );
    const now = clock.now();
    const request = listedResourceOf(record, webhookRules, now);
    const headers = {
      ...loadHeader(load),
      ...requestHeaders(record, resourceOf(record, webhookRules, now), now),
      Location: locationOf(record),
      ...(signer &&
        sha256 !== undefined &&
        (await receiptHeader(signer, uploadReceipt(api.serviceName, record, sha256)))),
    };
    return c.json({ request, upload: wayOf(upload) }, 201, headers);
  });

  addRoute(app, parts, async (c) => {
    const { uploadName, numbers } = c.req.valid('json');
    const urls = await uploads.partUrls(ticketed(c.req.valid('param'), c.get('caller')), uploadName, numbers);
    return c.json({ parts: [...urls] }, 200, NO_STORE);
  });

  addRoute(app, complete, async (c) => {
    const { uploadName, parts } = c.req.valid('json');
    return answerRequest(
      c,
      await uploads.complete(ticketed(c.req.valid('param'), c.get('caller')), uploadName, parts),
      api,
      { status: 202 },
    );
  });

  addRoute(app, abort, async (c) => {
    const { uploadName } = c.req.valid('json');
    const applied = await uploads.abort(ticketed(c.req.valid('param'), c.get('caller')), uploadName);
    await leaveWaiting(applied, destinations);
    return answerRequest(c, applied.stored.record, api, { status: 200 });
  });
}

/** @throws ProblemError 400, since a client would rely on a checksum that S3 doesn't verify */
function assertCheckable(input: Pick<UploadRequest, 'sha256' | 'multipart' | 'size'>): void {
  if (input.sha256 === undefined || !goesInParts(input)) return;
  throw new ProblemError({
    status: 400,
    code: 'request_malformed',
    detail:
      'sha256 is allowed only for uploads by a form (up to 5 GiB, without multipart): S3 does not verify it for uploads in parts',
  });
}

function ticketed({ id }: z.infer<typeof Ticket>, { tenant }: Caller): RequestIdentity {
  return { id: idOfSegment(id), source: '', tenant };
}

function wayOf(upload: UploadWay): z.infer<typeof UploadTicket>['upload'] {
  const expiresAt = formatTime(upload.expiresAt);
  if (upload.way === 'form')
    return { method: 'POST', url: upload.url, fields: { ...upload.fields }, expiresAt };
  const { uploadName, partSize, partCount } = upload;
  return { method: 'PUT_PARTS', uploadName, partSize, partCount, expiresAt };
}
