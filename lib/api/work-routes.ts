import type { Context, Hono } from 'hono';
import type * as z from 'zod';
import { decodeStream } from '../core/base/content-coding.ts';
import { CoatcheckError, PermanentError, RetryLater } from '../core/base/errors.ts';
import { isJson } from '../core/base/json.ts';
import { BINARY_TYPE } from '../core/base/media-type.ts';
import type { ProcessorRequest } from '../core/processor/handler.ts';
import { type DataMember, inlineMember } from '../core/wire/cloudevent-data.ts';
import type { ApiEnv, ApiParts } from './context.ts';
import { retryAfterHeader } from './error-problem.ts';
import { NO_STORE } from './no-store.ts';
import { jsonBody, problems } from './openapi.ts';
import { ProblemError } from './problem.ts';
import { contentEncodingFor, contentTypeOf } from './request-fields.ts';
import { formatTime } from './request-resource.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, NoQuery } from './schemas.ts';
import { type LeasedJob, LeaseNotHeld, type WorkDesk, type WorkEnd, WorkStopped } from './work-desk.ts';
import { ExtendBody, FailBody, Jobs, Lease, LeaseEnd, ReceiveBody, RetryBody } from './work-schemas.ts';

/** How long the link to a large payload is valid: an hour. */
const DOWNLOAD_SECONDS = 3_600;

const receive = {
  method: 'post',
  path: '/v1/jobs/receive',
  operationId: 'receiveJobs',
  summary: 'Take requests to handle them',
  description:
    'Waits for requests and leases them to the caller. A request whose lease runs out is given to another taker.',
  request: { query: NoQuery, headers: NoHeaders, body: jsonBody(ReceiveBody) },
  responses: {
    200: {
      description: 'The jobs; an empty list if none arrived in time.',
      content: { 'application/json': { schema: Jobs } },
    },
    ...problems(400, 401, 415, 500),
    503: {
      ...problems(503)[503],
      description: 'The service is stopping. Take requests again after `Retry-After`.',
    },
  },
} as const satisfies Route;

const extend = {
  method: 'post',
  path: '/v1/jobs/{lease}/extend',
  operationId: 'extendJob',
  summary: 'Extend a lease, and report progress',
  request: { params: Lease, query: NoQuery, headers: NoHeaders, body: jsonBody(ExtendBody) },
  responses: {
    200: { description: 'The lease.', content: { 'application/json': { schema: LeaseEnd } } },
    ...problems(400, 401, 409, 415, 500),
  },
} as const satisfies Route;

/** The answers of calls that end a request. */
const ENDED = {
  204: { description: 'The request has ended. Its outcome is recorded and published.' },
  ...problems(400, 401, 409, 415, 500),
  503: {
    ...problems(503)[503],
    description: 'The outcome could not be recorded and published. The request is retried.',
  },
};

const ack = {
  method: 'post',
  path: '/v1/jobs/{lease}/ack',
  operationId: 'ackJob',
  summary: 'End a request with its result',
  description: 'The body is the result, of any size and content type. Without a body, the result is `null`.',
  request: {
    params: Lease,
    query: NoQuery,
    headers: NoHeaders,
    body: {
      required: false,
      description: 'The result.',
      content: {
        'application/json': { schema: { type: 'object', additionalProperties: true } },
        [BINARY_TYPE]: { schema: { type: 'string', format: 'binary' } },
      },
    },
  },
  responses: {
    ...ENDED,
    422: {
      ...problems(422)[422],
      description:
        'The result can’t be used, for example because it doesn’t match its `Content-Encoding`: the request has failed.',
    },
  },
} as const satisfies Route;

const fail = {
  method: 'post',
  path: '/v1/jobs/{lease}/fail',
  operationId: 'failJob',
  summary: 'End a request as failed',
  request: { params: Lease, query: NoQuery, headers: NoHeaders, body: jsonBody(FailBody) },
  responses: ENDED,
} as const satisfies Route;

const retry = {
  method: 'post',
  path: '/v1/jobs/{lease}/retry',
  operationId: 'retryJob',
  summary: 'End an attempt, and let another one follow',
  request: { params: Lease, query: NoQuery, headers: NoHeaders, body: jsonBody(RetryBody) },
  responses: {
    204: { description: 'The request is queued again. It has failed if that was its last attempt.' },
    ...problems(400, 401, 409, 415, 500),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const WORK_ROUTES = [receive, extend, ack, fail, retry];

/** A taker asks for another attempt, when the backoff says. */
class RetryAsked extends CoatcheckError {
  override readonly name = 'RetryAsked';
  readonly code = 'retry_asked';
}

/** Adds the calls of takers, which handle requests by HTTP. */
export function addWorkRoutes(
  app: Hono<ApiEnv>,
  desk: WorkDesk,
  { records, transfers }: Pick<ApiParts, 'records' | 'transfers'>,
): void {
  addRoute(app, receive, async (c) => {
    const { max, waitSeconds, leaseSeconds } = c.req.valid('json');
    const wanted = { max, waitMilliseconds: waitSeconds * 1000, leaseSeconds };
    const jobs = await asProblem(desk.receive(wanted, c.req.raw.signal));
    const listed = (await Promise.all(jobs.map(jobJson))).filter((json) => json !== undefined);
    return c.body(`{"jobs":[${listed}]}`, 200, { ...NO_STORE, 'Content-Type': 'application/json' });
  });

  addRoute(app, extend, async (c) => {
    const { leaseSeconds, progress } = c.req.valid('json');
    const job = heldJob(c.req.valid('param'));
    job.extend(leaseSeconds);
    if (progress) job.request.progress(progress.fraction, progress.note);
    return c.json({ leaseEndsAt: formatTime(job.leaseEndsAt) }, 200, NO_STORE);
  });

  addRoute(app, ack, async (c) => {
    const result = resultOf(c);
    const job = heldJob(c.req.valid('param'));
    await endOrProblem(job, { result });
    await assertSucceeded(job);
    return c.body(null, 204);
  });

  addRoute(app, fail, async (c) => {
    const { message, ...options } = c.req.valid('json');
    await endOrProblem(heldJob(c.req.valid('param')), { error: new PermanentError(message, options) });
    return c.body(null, 204);
  });

  addRoute(app, retry, async (c) => {
    const { afterSeconds, message = 'The taker asks for another attempt' } = c.req.valid('json');
    const error =
      afterSeconds === undefined ? new RetryAsked(message) : new RetryLater(afterSeconds, message);
    await asProblem(heldJob(c.req.valid('param')).end({ error }));
    return c.body(null, 204);
  });

  function heldJob({ lease }: z.infer<typeof Lease>): LeasedJob {
    try {
      return desk.held(lease);
    } catch (error) {
      throw problemOf(error);
    }
  }

  /** @throws ProblemError 422 if the request has failed, because its result can't be used */
  async function assertSucceeded({ request: { id, tenant } }: LeasedJob): Promise<void> {
    const record = await records.find({ id, source: '', tenant });
    if (record?.outcome?.status !== 'failed') return;
    const { code, detail } = record.outcome.problem;
    throw new ProblemError({ status: 422, code, detail: `The request ${id} has failed: ${detail}` });
  }

  /**
   * A job for its taker. Undefined if its payload can't be handed over: that ends the attempt with the error, and the other
   * jobs are given out.
   */
  async function jobJson(job: LeasedJob): Promise<string | undefined> {
    try {
      return jsonWith(job, await dataOf(job));
    } catch (error) {
      // Not awaited, since the other jobs are leased already. It rejects only if the attempt has ended by itself.
      void job.end({ error }).catch(() => {});
      return undefined;
    }
  }

  /** The member of a job that has its payload, or says where it is. */
  async function dataOf({ request, payload }: LeasedJob): Promise<DataMember | ['dataUrl', string]> {
    const { id, tenant, contentType = BINARY_TYPE, contentEncoding } = request;
    if (payload) {
      const type = contentEncoding === undefined ? contentType : BINARY_TYPE;
      return inlineMember({ bytes: payload, contentType: type }, isJson);
    }
    const check = (await records.find({ id, source: '', tenant }))?.payload?.check;
    if (!check) throw new Error(`The payload of ${id} is large, and its record has no reference to it`);
    const url = await transfers.downloadUrl({ check, contentType }, DOWNLOAD_SECONDS);
    return ['dataUrl', JSON.stringify(url)];
  }
}

/** The body of a call as a handler returns it, decoded: results have no content coding. @throws ProblemError 415 */
function resultOf(c: Context): Response | null {
  const { body } = c.req.raw;
  const contentType = contentTypeOf('Content-Type', c.req.header('content-type') ?? BINARY_TYPE);
  const contentEncoding = contentEncodingFor(c.req.header('content-encoding'));
  if (body === null || c.req.header('content-length') === '0') return null;
  const decoded = decodeStream(body, contentEncoding, 'The result', Number.POSITIVE_INFINITY);
  return new Response(ReadableStream.from(decoded), { headers: { 'content-type': contentType } });
}

/** @throws ProblemError 503 if the outcome couldn't be recorded: the request is given out again */
async function endOrProblem(job: LeasedJob, end: WorkEnd): Promise<void> {
  if (await asProblem(job.end(end))) return;
  throw new ProblemError({
    status: 503,
    code: 'outcome_unrecorded',
    detail: `The outcome of ${job.request.id} could not be recorded and published. Drop the job; the request is tried again`,
  });
}

async function asProblem<Value>(done: Promise<Value>): Promise<Value> {
  return done.catch((error: unknown) => {
    throw problemOf(error);
  });
}

function problemOf(error: unknown): unknown {
  if (error instanceof LeaseNotHeld) {
    return new ProblemError({ status: 409, code: error.code, detail: error.message });
  }
  if (error instanceof WorkStopped) {
    const headers = retryAfterHeader(5);
    return new ProblemError({ status: 503, code: error.code, detail: error.message, headers });
  }
  return error;
}

/** The payload's JSON is inserted unchanged: parsing it would round long numbers. */
function jsonWith(job: LeasedJob, [name, json]: readonly [name: string, json: string]): string {
  const { lease, leaseEndsAt, request } = job;
  const facts = JSON.stringify({ lease, leaseEndsAt: formatTime(leaseEndsAt), ...factsOf(request) });
  return `${facts.slice(0, -1)},"${name === 'data_base64' ? 'dataBase64' : name}":${json}}`;
}

function factsOf(request: ProcessorRequest) {
  const { id, attempt, tenant, topic, traceparent, tracestate } = request;
  const { contentType, contentEncoding, contentLanguage, size, metadata } = request;
  const payload = { contentType, contentEncoding, contentLanguage, size, metadata };
  return { id, attempt, tenant, topic, ...payload, traceparent, tracestate };
}
