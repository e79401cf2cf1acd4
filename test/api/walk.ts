import { ProblemError } from '../../lib/api/problem.ts';
import { outcomeOf } from '../../lib/core/model/outcome.ts';
import { ApiHarness, type ApiHarnessOptions } from '../support/api-harness.ts';
import { AUDITED } from '../support/audited-ledger.ts';

/** One possible answer to a call. */
export interface Step {
  readonly operation: Operation;
  readonly status: number;
  /** The problem's code, if the answer is one. */
  readonly code?: string;
  readonly answer: () => Promise<Response>;
}

/** The `operationId` of a route. */
export type Operation = keyof typeof OPERATIONS;

/** The request that a call is about. */
interface Subject {
  readonly api: ApiHarness;
  readonly id: string;
  readonly uploadName: string;
  readonly tenant?: string;
}

/** Changes to an operation's valid call. */
interface Call {
  readonly json?: unknown;
  readonly body?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The tenant of what operators ask for. */
const TENANT = 'acme';

/** A call about a request. @param tenant that an operator names */
function ofRequest(method: 'GET' | 'POST', rest: string, tenant?: string) {
  const owner = tenant === undefined ? '' : `/tenants/${tenant}`;
  return {
    call: ({ api, id }: Subject, { headers }: Call) =>
      api.call(method, `/v1${owner}/requests/${id}${rest}`, { headers }),
    breaks: failingRead,
  };
}

/** Every operation, with a valid call for a request that is queued or waits for its upload in parts. */
const OPERATIONS = {
  submitRequest: {
    call: ({ api }: Subject, { body = 'hello', headers }: Call) =>
      api.call('POST', '/v1/requests', { body, headers }),
    breaks: ({ api }: Subject) => api.queue.faults.inject('send', 'fails before'),
  },
  submitBatch: {
    call: ({ api }: Subject, { json = { requests: [{ json: 1 }] }, body, headers }: Call) =>
      api.call('POST', '/v1/requests:batch', body === undefined ? { json } : { body, headers }),
    breaks: ({ api }: Subject) => api.queue.faults.inject('send', 'fails before'),
  },
  listRequests: {
    call: ({ api }: Subject, { query = '' }: Call) => api.call('GET', `/v1/requests${query}`),
    breaks: ({ api }: Subject) => api.index.faults.inject('list', 'fails before'),
  },
  listRequestsOfTenant: {
    call: ({ api }: Subject, { query = '' }: Call) => api.call('GET', `/v1/tenants/acme/requests${query}`),
    breaks: ({ api }: Subject) => api.index.faults.inject('list', 'fails before'),
  },
  getRequest: ofRequest('GET', ''),
  getResult: ofRequest('GET', '/result'),
  getPayload: ofRequest('GET', '/payload'),
  cancelRequest: ofRequest('POST', '/cancel'),
  repeatWebhook: ofRequest('POST', '/webhook'),
  getRequestOfTenant: ofRequest('GET', '', TENANT),
  getResultOfTenant: ofRequest('GET', '/result', TENANT),
  getPayloadOfTenant: ofRequest('GET', '/payload', TENANT),
  cancelRequestOfTenant: ofRequest('POST', '/cancel', TENANT),
  repeatWebhookOfTenant: ofRequest('POST', '/webhook', TENANT),
  openUpload: {
    call: ({ api }: Subject, { json = { size: 5 }, body, headers }: Call) =>
      api.call('POST', '/v1/uploads', body === undefined ? { json } : { body, headers }),
    breaks: ({ api }: Subject) => api.transfers.faults.inject('form', 'fails before'),
  },
  getPartUrls: {
    call: ({ api, id, uploadName }: Subject, { json = { uploadName, numbers: [1] }, body, headers }: Call) =>
      api.call('POST', `/v1/uploads/${id}/parts`, body === undefined ? { json } : { body, headers }),
    breaks: ({ api }: Subject) => api.transfers.faults.inject('partUrls', 'fails before'),
  },
  completeUpload: {
    call: ({ api, id, uploadName }: Subject, { json = { uploadName, parts: [PART] }, body, headers }: Call) =>
      api.call('POST', `/v1/uploads/${id}/complete`, body === undefined ? { json } : { body, headers }),
    breaks: ({ api }: Subject) => api.transfers.faults.inject('completeParts', 'fails before'),
  },
  abortUpload: {
    call: ({ api, id, uploadName }: Subject, { json = { uploadName }, body, headers }: Call) =>
      api.call('POST', `/v1/uploads/${id}/abort`, body === undefined ? { json } : { body, headers }),
    breaks: ({ api }: Subject) => api.transfers.faults.inject('abortParts', 'fails before'),
  },
  createWebhookEndpoint: {
    call: ({ api }: Subject, { json = ENDPOINT, body, headers }: Call) =>
      api.call('POST', '/v1/webhook-endpoints', body === undefined ? { json } : { body, headers }),
    breaks: failingEndpoints,
  },
  listWebhookEndpoints: {
    call: ({ api }: Subject, { query = '' }: Call) => api.call('GET', `/v1/webhook-endpoints${query}`),
    breaks: failingEndpoints,
  },
  getWebhookEndpoint: {
    call: ({ api, id }: Subject) => api.call('GET', `/v1/webhook-endpoints/${id}`),
    breaks: failingEndpoints,
  },
  updateWebhookEndpoint: {
    call: ({ api, id }: Subject, { json = { description: 'x' }, body, headers }: Call) =>
      api.call('PATCH', `/v1/webhook-endpoints/${id}`, body === undefined ? { json } : { body, headers }),
    breaks: failingEndpoints,
  },
  deleteWebhookEndpoint: {
    call: ({ api, id }: Subject) => api.call('DELETE', `/v1/webhook-endpoints/${id}`),
    breaks: failingEndpoints,
  },
  getWebhookEndpointSecret: {
    call: ({ api, id }: Subject) => api.call('GET', `/v1/webhook-endpoints/${id}/secret`),
    breaks: failingEndpoints,
  },
  rotateWebhookEndpointSecret: {
    call: ({ api, id }: Subject, { json = {}, body, headers }: Call) =>
      api.call(
        'POST',
        `/v1/webhook-endpoints/${id}/rotate`,
        body === undefined ? { json } : { body, headers },
      ),
    breaks: failingEndpoints,
  },
  testWebhookEndpoint: {
    call: ({ api, id }: Subject) => api.call('POST', `/v1/webhook-endpoints/${id}/test`),
    breaks: failingEndpoints,
  },
  replayWebhooks: {
    call: ({ api, id }: Subject, { json = { from: FROM }, body, headers }: Call) =>
      api.call(
        'POST',
        `/v1/webhook-endpoints/${id}/replay`,
        body === undefined ? { json } : { body, headers },
      ),
    breaks: failingEndpoints,
  },
  listLimits: {
    call: ({ api }: Subject, { query = '' }: Call) => api.call('GET', `/v1/limits${query}`),
    breaks: () => {},
  },
  getLimit: {
    call: ({ api }: Subject, { query = OF_ACME }: Call) => api.call('GET', `/v1/limits/tenant${query}`),
    breaks: ({ api }: Subject) => api.limitStore.faults.inject('read', 'fails before'),
  },
  changeLimit: {
    call: ({ api }: Subject, { query = OF_ACME, json = { concurrency: 7 }, body, headers }: Call) =>
      api.call('PUT', `/v1/limits/tenant${query}`, body === undefined ? { json } : { body, headers }),
    breaks: ({ api }: Subject) => api.limitStore.faults.inject('write', 'fails before'),
  },
  resetLimit: {
    call: ({ api }: Subject, { query = OF_ACME }: Call) => api.call('DELETE', `/v1/limits/tenant${query}`),
    breaks: ({ api }: Subject) => api.limitStore.faults.inject('write', 'fails before'),
  },
  pauseProcessing: {
    call: ({ api }: Subject, { json = pauseFor(api, 60), body, headers }: Call) =>
      api.call('PUT', '/v1/pause', body === undefined ? { json } : { body, headers }),
    breaks: failingPauses,
  },
  resumeProcessing: {
    call: ({ api }: Subject, { query = '' }: Call) => api.call('DELETE', `/v1/pause${query}`),
    breaks: failingPauses,
  },
  listSettings: {
    call: ({ api }: Subject, { query = '' }: Call) => api.call('GET', `/v1/settings${query}`),
    breaks: () => {},
  },
  listAlarms: {
    call: ({ api }: Subject, { query = '' }: Call) => api.call('GET', `/v1/alarms${query}`),
    breaks: ({ api }: Subject) => {
      api.alarms.read = () => Promise.reject(new Error('CloudWatch is down'));
    },
  },
  listFailures: {
    call: ({ api }: Subject, { query = '' }: Call) => api.call('GET', `/v1/failures${query}`),
    breaks: failingFailures,
  },
  getFailure: {
    call: ({ api, id }: Subject) => api.call('GET', `/v1/failures/${id}`),
    breaks: failingFailures,
  },
  listFailedRequests: {
    call: ({ api, id }: Subject) => api.call('GET', `/v1/failures/${id}/requests`),
    breaks: ({ api }: Subject) => api.failureIndex.faults.inject('list', 'fails before'),
  },
  noteFailure: {
    call: ({ api, id }: Subject, { json = { text: 'known' }, body, headers }: Call) =>
      api.call('PUT', `/v1/failures/${id}/note`, body === undefined ? { json } : { body, headers }),
    breaks: failingFailures,
  },
  getLedger: {
    call: ({ api }: Subject, { query = '' }: Call) => api.call('GET', `/v1/ledger${query}`),
    breaks: ({ api }: Subject) => api.ledger.faults.inject('read', 'fails before'),
  },
  listReceiptKeys: {
    call: ({ api }: Subject, { query = '' }: Call) => api.call('GET', `/v1/receipts/keys${query}`),
    breaks: ({ api }: Subject) => api.receipts.faults.inject('read', 'fails before'),
  },
  getStatus: {
    call: ({ api }: Subject, { query = '' }: Call) => api.call('GET', `/v1/status${query}`),
    breaks: ({ api }: Subject) => api.admission.faults.inject('state', 'fails before'),
  },
} as const;

/** From `printf hello | md5sum`. */
const PART = { number: 1, etag: '"5d41402abc4b2a76b9719d911017c592"' };

const ENDPOINT = { url: 'https://example.com/hook' };
const OF_ACME = '?value=acme';
const FROM = '2026-01-31T12:00:00Z';

const OF_A_REQUEST_OF_TENANT = [
  'getRequestOfTenant',
  'getResultOfTenant',
  'getPayloadOfTenant',
  'cancelRequestOfTenant',
  'repeatWebhookOfTenant',
] as const;
const OF_A_REQUEST = [
  'getRequest',
  'getResult',
  'getPayload',
  'cancelRequest',
  'repeatWebhook',
  ...OF_A_REQUEST_OF_TENANT,
] as const;
const OF_AN_UPLOAD = ['getPartUrls', 'completeUpload', 'abortUpload'] as const;
const OF_AN_ENDPOINT = [
  'getWebhookEndpoint',
  'updateWebhookEndpoint',
  'deleteWebhookEndpoint',
  'getWebhookEndpointSecret',
  'rotateWebhookEndpointSecret',
  'testWebhookEndpoint',
  'replayWebhooks',
] as const;
const WITH_JSON = [
  'submitBatch',
  'openUpload',
  ...OF_AN_UPLOAD,
  'createWebhookEndpoint',
  'updateWebhookEndpoint',
  'rotateWebhookEndpointSecret',
  'replayWebhooks',
  'changeLimit',
  'noteFailure',
  'pauseProcessing',
] as const;
const OF_A_FAILURE = ['getFailure', 'listFailedRequests', 'noteFailure'] as const;
const OF_A_LIMIT = ['getLimit', 'changeLimit', 'resetLimit'] as const;
const ADMITTED = ['submitRequest', 'openUpload'] as const;

/** They have a result for each request, or read no port. */
const NEVER_BROKEN: readonly Operation[] = ['submitBatch', 'listLimits', 'listSettings'];

const EVERY = Object.keys(OPERATIONS).filter((name): name is Operation => name in OPERATIONS);

/** Every request has a webhook. */
const WITH_WEBHOOK = { callbacks: 'public', webhookDefaultUrl: 'https://example.com/hook' } as const;

/** A call for every status code of the API. */
export const WALK: readonly Step[] = [
  ...EVERY.flatMap((operation) => [
    refused(operation, 401, 'caller_unknown'),
    refused(operation, 403, 'caller_refused'),
    ...(NEVER_BROKEN.includes(operation) ? [] : [broken(operation)]),
  ]),
  ...WITH_JSON.flatMap((operation) => [
    step(operation, 400, 'request_malformed', { call: { json: { sise: 5 } } }),
    step(operation, 400, 'request_malformed', {
      call: { body: '{', headers: { 'Content-Type': 'application/json' } },
    }),
    step(operation, 415, 'content_type_invalid', {
      call: { body: '{}', headers: { 'Content-Type': 'text/plain' } },
    }),
  ]),
  ...[...OF_A_REQUEST, ...OF_AN_UPLOAD].flatMap((operation) => [
    step(operation, 400, 'request_malformed', { subject: { id: 'x'.repeat(1_026) } }),
    step(operation, 404, 'request_unknown', { subject: { id: 'unknown' } }),
  ]),
  ...ADMITTED.flatMap((operation) => [
    step(operation, 429, 'tenant_over_share', { prepare: turnAway('tenant_over_share') }),
    step(operation, 503, 'overloaded', { prepare: turnAway('overloaded') }),
    step(operation, 413, 'payload_too_large', { options: { maxPayloadBytes: 4 }, fresh: true }),
  ]),

  step('submitBatch', 200, undefined),
  step('submitRequest', 202, undefined),
  step('submitRequest', 200, undefined, {
    call: { headers: { Prefer: 'wait=5' } },
    prepare: deliverWhileWaiting,
  }),
  step('submitRequest', 400, 'payload_empty', { call: { body: '' } }),
  step('submitRequest', 400, 'request_malformed', { call: { headers: { 'Idempotency-Key': '""' } } }),
  step('submitRequest', 409, 'idempotency_key_busy', {
    call: { headers: { 'Idempotency-Key': 'k' } },
    prepare: async ({ api }) => {
      const other = await api.call('POST', '/v1/requests', {
        body: 'hello',
        headers: { 'Idempotency-Key': 'k' },
      });
      api.harness.records.drop({ id: idIn(await other.json()), source: '' });
    },
  }),
  step('submitRequest', 415, 'content_type_invalid', { call: { headers: { 'Content-Type': 'text/ü' } } }),
  step('submitRequest', 422, 'idempotency_key_reused', {
    call: { headers: { 'Idempotency-Key': 'k' } },
    prepare: ({ api }) =>
      api.call('POST', '/v1/requests', { body: 'other', headers: { 'Idempotency-Key': 'k' } }),
  }),

  step('submitRequest', 409, 'request_id_busy', {
    call: { headers: { 'Coatcheck-Request-Id': 'order-17' } },
    prepare: async ({ api }) => {
      await api.call('POST', '/v1/requests', {
        body: 'hello',
        headers: { 'Coatcheck-Request-Id': 'order-17' },
      });
      api.harness.records.drop({ id: 'order-17', source: '' });
    },
  }),
  step('submitRequest', 422, 'request_id_reused', {
    call: { headers: { 'Coatcheck-Request-Id': 'order-17' } },
    prepare: ({ api }) =>
      api.call('POST', '/v1/requests', { body: 'other', headers: { 'Coatcheck-Request-Id': 'order-17' } }),
  }),

  ...(['getRequest', 'getRequestOfTenant'] as const).flatMap((operation) => [
    step(operation, 200, undefined),
    step(operation, 304, undefined, { call: { headers: { 'If-None-Match': '*' } } }),
  ]),

  ...(['getResult', 'getResultOfTenant'] as const).flatMap((operation) => [
    step(operation, 202, undefined),
    step(operation, 200, undefined, { prepare: deliver }),
    step(operation, 303, undefined, { result: 'x'.repeat(10_000), prepare: deliver }),
    step(operation, 409, 'request_cancelled', { prepare: cancel }),
    step(operation, 410, 'result_gone', {
      result: 'x'.repeat(10_000),
      prepare: async (subject) => {
        await deliver(subject);
        subject.api.harness.clock.advanceSeconds(20 * 86_400);
      },
    }),
  ]),

  ...(['getPayload', 'getPayloadOfTenant'] as const).flatMap((operation) => [
    step(operation, 200, undefined, { options: { readsQueue: true } }),
    step(operation, 303, undefined, { options: { inlineLimitBytes: 4 }, prepare: deliver }),
    step(operation, 409, 'payload_unavailable'),
    step(operation, 410, 'payload_gone', { prepare: deliver }),
  ]),

  ...(['cancelRequest', 'cancelRequestOfTenant'] as const).flatMap((operation) => [
    step(operation, 200, undefined),
    step(operation, 202, undefined, {
      prepare: ({ api, id, tenant }) => {
        const leaseEndsAt = api.harness.clock.now() + 60_000;
        return api.records.claim({ id, source: '', tenant }, leaseEndsAt);
      },
    }),
    step(operation, 409, 'request_finished', { prepare: deliver }),
  ]),

  ...(['repeatWebhook', 'repeatWebhookOfTenant'] as const).flatMap((operation) => [
    step(operation, 202, undefined, { options: WITH_WEBHOOK, prepare: deliver }),
    step(operation, 409, 'request_unfinished', { options: WITH_WEBHOOK }),
    step(operation, 409, 'webhook_unknown', { prepare: deliver }),
  ]),

  ...OF_A_REQUEST_OF_TENANT.map((operation) =>
    step(operation, 403, 'operator_required', {
      options: { callerOf: () => ({ tenant: TENANT, isOperator: false }) },
    }),
  ),

  step('listRequests', 200, undefined),
  step('listRequests', 400, 'request_malformed', { call: { query: '?limit=0' } }),
  step('listRequests', 200, undefined, {
    call: { query: '?metadata.customer=acme&webhook=dead_lettered' },
    options: { recordMetadata: ['customer'] },
  }),
  step('listRequests', 400, 'metadata_undeclared', { call: { query: '?metadata.customer=acme' } }),
  step('listRequestsOfTenant', 400, 'metadata_undeclared', { call: { query: '?metadata.customer=acme' } }),
  step('listRequestsOfTenant', 200, undefined),
  step('listRequestsOfTenant', 400, 'request_malformed', { call: { query: '?tenant=acme' } }),
  step('listRequestsOfTenant', 403, 'operator_required', {
    options: { callerOf: () => ({ tenant: 'acme', isOperator: false }) },
  }),

  step('openUpload', 201, undefined),
  step('openUpload', 415, 'content_type_invalid', { call: { json: { size: 5, contentType: '\n' } } }),
  step('openUpload', 422, 'callback_refused', {
    call: { json: { size: 5, callbackUrl: 'https://example.com/' } },
  }),
  step('getPartUrls', 200, undefined),
  step('getPartUrls', 409, 'upload_over', { prepare: cancel }),
  step('completeUpload', 202, undefined),
  step('completeUpload', 404, 'upload_unknown', { subject: { uploadName: 'other' } }),
  step('completeUpload', 409, 'upload_incomplete', {
    call: { json: { uploadName: 'upload-1', parts: [{ number: 2, etag: 'x' }] } },
  }),
  step('abortUpload', 200, undefined),
  step('abortUpload', 409, 'upload_over', {
    prepare: ({ api, id }) =>
      api.records.claim({ id, source: '', ticketed: true }, api.harness.clock.now() + 60_000),
  }),

  ...(['createWebhookEndpoint', 'listWebhookEndpoints'] as const).map((operation) =>
    step(operation, 404, 'webhook_endpoints_off', { options: { endpoints: false }, fresh: true }),
  ),
  ...OF_AN_ENDPOINT.flatMap((operation) => [
    step(operation, 400, 'request_malformed', { subject: { id: 'x'.repeat(101) } }),
    step(operation, 404, 'webhook_endpoint_unknown', { subject: { id: 'unknown' } }),
  ]),
  step('createWebhookEndpoint', 201, undefined),
  step('createWebhookEndpoint', 409, 'webhook_endpoint_limit', {
    prepare: async ({ api }) => {
      for (let number = 0; number < 19; number++)
        await api.call('POST', '/v1/webhook-endpoints', { json: ENDPOINT });
    },
  }),
  step('createWebhookEndpoint', 422, 'webhook_endpoint_invalid', { call: { json: { url: 'http://x' } } }),
  step('listWebhookEndpoints', 200, undefined),
  step('listWebhookEndpoints', 400, 'request_malformed', { call: { query: '?limit=1' } }),
  step('getWebhookEndpoint', 200, undefined),
  step('updateWebhookEndpoint', 200, undefined),
  step('updateWebhookEndpoint', 422, 'webhook_endpoint_invalid', { call: { json: { events: [] } } }),
  step('deleteWebhookEndpoint', 204, undefined),
  step('getWebhookEndpointSecret', 200, undefined),
  step('rotateWebhookEndpointSecret', 200, undefined),
  step('rotateWebhookEndpointSecret', 409, 'rotation_unfinished', {
    prepare: ({ api, id }) => api.call('POST', `/v1/webhook-endpoints/${id}/rotate`),
  }),
  step('rotateWebhookEndpointSecret', 422, 'webhook_endpoint_invalid', {
    call: { json: { graceSeconds: -1 } },
  }),
  step('testWebhookEndpoint', 202, undefined),
  step('replayWebhooks', 200, undefined),
  step('replayWebhooks', 409, 'webhook_endpoint_disabled', {
    prepare: ({ api, id }) =>
      api.call('PATCH', `/v1/webhook-endpoints/${id}`, { json: { status: 'disabled' } }),
  }),
  step('replayWebhooks', 422, 'replay_invalid', { call: { json: { from: FROM, to: FROM } } }),

  step('listLimits', 200, undefined),
  step('listLimits', 400, 'request_malformed', { call: { query: '?key=tenant' } }),
  ...OF_A_LIMIT.flatMap((operation) => [
    step(operation, 200, undefined),
    step(operation, 400, 'request_malformed', { call: { query: '?tenant=acme' } }),
    step(operation, 404, 'limit_unknown', { options: { limits: [{ key: 'all' }] } }),
    step(operation, 422, 'limit_invalid', { call: { query: '' } }),
  ]),
  ...(['changeLimit', 'resetLimit'] as const).flatMap((operation) => [
    step(operation, 409, 'limit_contended', { prepare: contendForLimit }),
    step(operation, 403, 'limit_forbidden', {
      options: { callerOf: () => ({ tenant: 'acme', isOperator: false }) },
    }),
  ]),
  step('changeLimit', 422, 'limit_invalid', { call: { json: {} } }),
  step('changeLimit', 422, 'limit_invalid', { call: { json: { rate: '7' } } }),

  step('listFailures', 200, undefined),
  step('listFailures', 400, 'request_malformed', { call: { query: '?since=now' } }),
  ...OF_A_FAILURE.flatMap((operation) => [
    step(operation, 200, undefined),
    step(operation, 400, 'request_malformed', { subject: { id: 'x'.repeat(256) } }),
    step(operation, 404, 'failure_group_unknown', { subject: { id: 'unknown' } }),
  ]),
  step('noteFailure', 403, 'operator_required', {
    options: { callerOf: () => ({ isOperator: false }) },
  }),

  step('getLedger', 200, undefined, { prepare: ({ api }) => Object.assign(api.ledger, { latest: AUDITED }) }),
  step('getLedger', 400, 'request_malformed', { call: { query: '?at=now' } }),
  step('getLedger', 403, 'operator_required', { options: { callerOf: () => ({ isOperator: false }) } }),
  step('getLedger', 404, 'ledger_off'),

  step('listReceiptKeys', 200, undefined),
  step('listReceiptKeys', 400, 'request_malformed', { call: { query: '?kid=1' } }),
  step('listReceiptKeys', 404, 'receipts_off', { options: { receipts: false } }),
  step('pauseProcessing', 200, undefined),
  step('pauseProcessing', 422, 'pause_invalid', {
    call: { json: { until: '2000-01-01T00:00:00Z', reason: 'past' } },
  }),
  step('resumeProcessing', 200, undefined, {
    prepare: async ({ api }) => void (await api.call('PUT', '/v1/pause', { json: pauseFor(api, 60) })),
  }),
  step('resumeProcessing', 204, undefined),
  step('resumeProcessing', 400, 'request_malformed', { call: { query: '?reason=none' } }),
  ...(['pauseProcessing', 'resumeProcessing'] as const).flatMap((operation) => [
    step(operation, 404, 'pause_unavailable', { options: { pausable: false } }),
    step(operation, 403, 'operator_required', { options: { callerOf: () => ({ isOperator: false }) } }),
  ]),

  ...(['listSettings', 'listAlarms'] as const).flatMap((operation) => [
    step(operation, 200, undefined),
    step(operation, 400, 'request_malformed', { call: { query: '?verbose=1' } }),
    step(operation, 403, 'operator_required', { options: { callerOf: () => ({ isOperator: false }) } }),
  ]),

  step('getStatus', 200, undefined),
  step('getStatus', 400, 'request_malformed', { call: { query: '?verbose=1' } }),
  step('getStatus', 422, 'topic_unknown', {
    call: { query: '?topic=reports' },
    options: { topics: ['images.*'] },
    fresh: true,
  }),
];

interface StepOptions {
  readonly call?: Call;
  readonly subject?: Partial<Subject>;
  readonly prepare?: (subject: Subject) => unknown;
  readonly options?: ApiHarnessOptions;
  /** The handler's result. */
  readonly result?: string;
  /** No request exists before the call. */
  readonly fresh?: boolean;
}

function step(operation: Operation, status: number, code: string | undefined, given: StepOptions = {}): Step {
  const answer = async () => {
    const { call = {}, prepare, options, result = 'done', fresh } = given;
    const ofEndpoints = isOfEndpoints(operation) ? ({ callbacks: 'public' } as const) : {};
    const limits = [{ key: 'tenant', concurrency: 5 }] as const;
    const api = new ApiHarness(() => result, { limits, ...ofEndpoints, ...options });
    const none = { api, id: '', uploadName: '' };
    const found = fresh ? none : await subjectOf(operation, api);
    await prepare?.(found);
    return OPERATIONS[operation].call({ ...found, ...given.subject }, call);
  };
  return { operation, status, code, answer };
}

/** A caller without valid credentials. */
function refused(operation: Operation, status: 401 | 403, code: string): Step {
  const callerOf = () => {
    throw new ProblemError({ status, code, detail: 'Not you' });
  };
  return step(operation, status, code, {
    options: { callerOf },
    fresh: true,
    subject: { id: 'a', uploadName: 'b' },
  });
}

/** A port that fails. */
function broken(operation: Operation): Step {
  return step(operation, 500, 'internal_error', {
    prepare: (subject) => OPERATIONS[operation].breaks(subject),
  });
}

async function subjectOf(operation: Operation, api: ApiHarness): Promise<Subject> {
  if (isOfEndpoints(operation)) return endpointSubject(api);
  if (OF_A_FAILURE.some((name) => name === operation)) return failureSubject(api);
  const tenant = OF_A_REQUEST_OF_TENANT.some((name) => name === operation) ? TENANT : undefined;
  const isUpload = OF_AN_UPLOAD.some((name) => name === operation);
  const response = await (isUpload
    ? api.call('POST', '/v1/uploads', { json: { size: 5, multipart: true } })
    : api.call('POST', '/v1/requests', { body: 'hello', tenant }));
  const body: unknown = await response.json();
  const uploadName = api.transfers.unfinished[0] ?? '';
  api.transfers.putPart(uploadName, 1, 'hello');
  return { api, id: idIn(body), uploadName, tenant };
}

function isOfEndpoints(operation: Operation): boolean {
  return operation.includes('WebhookEndpoint') || operation === 'replayWebhooks';
}

async function endpointSubject(api: ApiHarness): Promise<Subject> {
  const response = await api.call('POST', '/v1/webhook-endpoints', { json: ENDPOINT });
  return { api, id: idIn(await response.json()), uploadName: '' };
}

/** The id is that of a group of failures. */
async function failureSubject(api: ApiHarness): Promise<Subject> {
  const response = await api.call('POST', '/v1/requests', { body: 'hello' });
  const request = { id: idIn(await response.json()), source: '' };
  const claim = await api.records.claim(request, api.harness.clock.now() + 60_000);
  if (claim.status !== 'claimed') throw new Error(`The request can't fail: it is ${claim.status}`);
  const problem = { type: '', title: '', detail: 'no', code: 'declined', attempts: 1 };
  await claim.lease.complete(outcomeOf(request, { status: 'failed', problem }, api.harness.clock.now()));
  return { api, id: api.harness.records.record(request.id)?.failureGroup ?? '', uploadName: '' };
}

/** The id of a request, a ticket's request or an endpoint. */
function idIn(body: unknown): string {
  if (typeof body === 'object' && body !== null) {
    if ('request' in body) return idIn(body.request);
    if ('id' in body && typeof body.id === 'string') return body.id;
  }
  throw new Error(`There is no request in ${JSON.stringify(body)}`);
}

function failingFailures({ api }: Subject): void {
  api.failureIndex.faults.inject('count', 'fails before');
}

function failingPauses({ api }: Subject): void {
  api.operatorPauses.faults.inject('write', 'fails before');
}

/** A pause of some seconds. */
function pauseFor({ harness }: ApiHarness, seconds: number) {
  return { until: new Date(harness.clock.now() + seconds * 1_000).toISOString(), reason: 'a migration' };
}

function failingEndpoints({ api }: Subject): void {
  api.endpointStore.faults.inject('read', 'fails before');
}

/** Another process changes a limit before each write. */
function contendForLimit({ api }: Subject): void {
  api.limitStore.write = async () => ({ written: false, stored: undefined });
}

function failingRead({ api }: Subject): void {
  api.harness.records.faults.inject('read', 'fails before');
}

function turnAway(reason: 'overloaded' | 'tenant_over_share') {
  return ({ api }: Subject): void => {
    api.admission.decision = { admitted: false, reason, retryAfterSeconds: 7, load: { maxWaitSeconds: 900 } };
  };
}

function deliverWhileWaiting({ api }: Subject): void {
  api.onWait = () => api.deliver();
}

async function deliver({ api }: Subject): Promise<void> {
  await api.deliver();
}

async function cancel({ api, id, tenant }: Subject): Promise<void> {
  await api.call('POST', `/v1/requests/${id}/cancel`, { tenant });
}
