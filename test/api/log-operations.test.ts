import { expect, test } from 'vitest';
import { ACTION_ROUTES } from '../../lib/api/action-routes.ts';
import { ACTIVITY_ROUTES } from '../../lib/api/activity-routes.ts';
import { BATCH_ROUTES } from '../../lib/api/batch-routes.ts';
import { openApiDocument } from '../../lib/api/openapi-document.ts';
import { SCHEDULE_ROUTES } from '../../lib/api/schedule-routes.ts';
import { WORK_ROUTES } from '../../lib/api/work-routes.ts';
import { requestIn } from '../support/api-answers.ts';
import { ApiHarness, type CallOptions } from '../support/api-harness.ts';
import { openServedService } from '../support/served-service.ts';

const ACME = '/v1/limits/tenant?value=acme';
const ENDPOINTS = '/v1/webhook-endpoints';

/** An API whose callers are operators named Ann, unless they have a tenant. */
function setUp() {
  const api = new ApiHarness(undefined, {
    callbacks: 'public',
    limits: [{ key: 'tenant', concurrency: 5 }],
    callerOf: (c) => {
      const tenant = c.req.header('test-tenant');
      return tenant === undefined ? { isOperator: true, name: 'Ann' } : { isOperator: false, tenant };
    },
  });
  const call = (method: string, path: string, options?: CallOptions) => api.call(method, path, options);
  return { api, call, logged: () => api.harness.logger.lines };
}

function performed(operation: string, target: object, status = 200) {
  const fields = { operation, target, by: 'Ann', status };
  return { level: 'info', message: 'Operation performed', fields: expect.objectContaining(fields) };
}

test('the log says who changed what', async () => {
  const { call, logged } = setUp();
  await call('PUT', ACME, { json: { concurrency: 1 } });
  await call('DELETE', ACME);
  await call('GET', ACME);
  expect(logged()).toEqual([
    performed('changeLimit', { key: 'tenant', value: 'acme' }),
    performed('resetLimit', { key: 'tenant', value: 'acme' }),
  ]);
});

test('it names what a call has added, and says no secret and nothing else of a body', async () => {
  const { call, logged } = setUp();
  const json = { url: 'https://example.com/?token=hidden', description: 'hidden' };
  const { id } = (await (await call('POST', ENDPOINTS, { json })).json()) as { readonly id: string };
  await call('PATCH', `${ENDPOINTS}/${id}`, { json: { description: 'hidden' } });
  await call('POST', `${ENDPOINTS}/${id}/rotate`, { json: {} });
  await call('POST', `${ENDPOINTS}/${id}/test`);
  await call('DELETE', `${ENDPOINTS}/${id}?X-Amz-Signature=hidden`);
  expect(logged()).toEqual([
    performed('createWebhookEndpoint', { id }, 201),
    performed('updateWebhookEndpoint', { id }),
    performed('rotateWebhookEndpointSecret', { id }),
    performed('testWebhookEndpoint', { id }, 202),
    performed('deleteWebhookEndpoint', { id }, 204),
  ]);
  expect(JSON.stringify(logged())).not.toMatch(/hidden|whsec_/);
});

test('it says that a call was refused, to whom, and why', async () => {
  const { api, call, logged } = setUp();
  await call('PUT', ACME, { json: { concurrency: 1_000 }, tenant: 'acme' });
  await call('PUT', `/v1/limits/${'x'.repeat(1_000)}`, { json: { concurrency: 'many' } });
  api.limitStore.faults.inject('read', 'fails before');
  await call('DELETE', ACME);
  expect(logged().filter(({ level }) => level === 'info')).toEqual([
    {
      level: 'info',
      message: 'Operation failed',
      fields: {
        operation: 'changeLimit',
        target: { key: 'tenant', value: 'acme' },
        by: undefined,
        tenant: 'acme',
        status: 403,
        code: 'limit_forbidden',
      },
    },
    {
      level: 'info',
      message: 'Operation failed',
      fields: expect.objectContaining({
        target: { key: 'x'.repeat(256) },
        by: 'Ann',
        status: 400,
        code: 'request_malformed',
      }),
    },
    {
      level: 'info',
      message: 'Operation failed',
      fields: expect.objectContaining({ operation: 'resetLimit', status: 500, code: 'internal_error' }),
    },
  ]);
});

test('the request of a tenant that an operator cancels is logged, and one that its caller cancels is not', async () => {
  const { call, logged } = setUp();
  const [first, second] = await Promise.all(
    [1, 2].map(async (body) => {
      const submitted = await call('POST', '/v1/requests', { body: String(body), tenant: 'acme' });
      return (await requestIn(submitted, 202)).id;
    }),
  );
  await call('POST', `/v1/requests/${first}/cancel`, { tenant: 'acme' });
  await call('POST', `/v1/tenants/acme/requests/${second}/cancel`);
  expect(logged()).toEqual([performed('cancelRequestOfTenant', { tenant: 'acme', id: second })]);
});

test('a service in a file logs the changes of schedules and the cancellation of a batch', async () => {
  const { url, logger } = await openServedService(undefined);
  const call = async (path: string, body?: object) =>
    fetch(`${url}/v1/${path}`, {
      method: 'POST',
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  await call('schedules', { name: 'stock', everyMinutes: 15, json: 'hidden' });
  for (const action of ['pause', 'resume', 'run']) await call(`schedules/stock/${action}`);
  const { id } = (await (await call('batches', {})).json()) as { readonly id: string };
  await call(`batches/${id}/cancel`);
  const operations = logger.lines.filter(({ message }) => message === 'Operation performed');
  expect(operations.map(({ fields: { operation, target } }) => [operation, target])).toEqual([
    ['putSchedule', { name: 'stock' }],
    ['pauseSchedule', { name: 'stock' }],
    ['resumeSchedule', { name: 'stock' }],
    ['runSchedule', { name: 'stock' }],
    ['cancelBatch', { id }],
  ]);
  expect(JSON.stringify(operations)).not.toContain('hidden');
});

/** Calls about a caller's own requests, of which there may be thousands a second. */
const OF_CALLERS = [
  ...['submitRequest', 'submitBatch', 'cancelRequest', 'repeatWebhook'],
  ...['openUpload', 'getPartUrls', 'completeUpload', 'abortUpload'],
  ...['createBatch', 'addBatchItems', 'sealBatch', 'uploadBatchManifest', 'importBatchManifest'],
  ...['receiveJobs', 'extendJob', 'ackJob', 'failJob', 'retryJob'],
];

/** The core logs them, also those of a program. */
const OF_CORE = ['pauseProcessing', 'resumeProcessing', 'planAction', 'applyAction', 'abortAction'];

test('every call is logged that changes something, but those about a caller’s own requests', () => {
  const routes = [ACTION_ROUTES, ACTIVITY_ROUTES, BATCH_ROUTES, SCHEDULE_ROUTES, WORK_ROUTES].flat();
  const { paths }: Description = JSON.parse(JSON.stringify(openApiDocument('none', routes)));
  const operations = Object.values(paths).flatMap((methods) => Object.entries(methods));
  const [changing, reading] = [operations.filter(changes), operations.filter((each) => !changes(each))];
  const unlogged = changing.filter(([, operation]) => !operation['x-logged']);
  expect(unlogged.map(([, { operationId }]) => operationId).sort()).toEqual(
    [...OF_CALLERS, ...OF_CORE].sort(),
  );
  expect(reading.filter(([, operation]) => operation['x-logged'])).toEqual([]);
});

/** As much of the description of the API as is looked at here. */
interface Description {
  readonly paths: Record<
    string,
    Record<string, { readonly operationId: string; readonly 'x-logged'?: boolean }>
  >;
}

function changes([method]: readonly [method: string, operation: object]): boolean {
  return method !== 'get';
}
