import { expect, test } from 'vitest';
import type * as z from 'zod';
import { FailureGroupPage, FailureGroupResource } from '../../lib/api/failure-schemas.ts';
import { LedgerResource } from '../../lib/api/ledger-routes.ts';
import { LimitList, LimitView } from '../../lib/api/limit-schemas.ts';
import { AlarmList, SettingList } from '../../lib/api/operations-routes.ts';
import { ReceiptKeys } from '../../lib/api/receipt-routes.ts';
import { BatchResults, Request, RequestPage } from '../../lib/api/schemas.ts';
import { Pause, ServiceStatus } from '../../lib/api/service-schemas.ts';
import { PartUrls, UploadTicket } from '../../lib/api/upload-schemas.ts';
import {
  Replayed,
  SentTest,
  WebhookEndpoint,
  WebhookEndpointList,
  WebhookEndpointSecret,
  WebhookEndpointWithSecret,
} from '../../lib/api/webhook-endpoint-schemas.ts';
import { exactly, problemIn } from '../support/api-answers.ts';
import { type Operation, WALK } from './walk.ts';

/** What an answer that is no problem holds, where that isn't the request. */
const SCHEMAS: Partial<Record<Operation, z.ZodType>> = {
  listRequests: RequestPage,
  listRequestsOfTenant: RequestPage,
  submitBatch: BatchResults,
  getPartUrls: PartUrls,
  getLedger: LedgerResource,
  listReceiptKeys: ReceiptKeys,
  getStatus: ServiceStatus,
  pauseProcessing: Pause,
  resumeProcessing: Pause,
  listSettings: SettingList,
  listAlarms: AlarmList,
  openUpload: UploadTicket,
  createWebhookEndpoint: WebhookEndpointWithSecret,
  listWebhookEndpoints: WebhookEndpointList,
  getWebhookEndpoint: WebhookEndpoint,
  updateWebhookEndpoint: WebhookEndpoint,
  getWebhookEndpointSecret: WebhookEndpointSecret,
  rotateWebhookEndpointSecret: WebhookEndpointWithSecret,
  testWebhookEndpoint: SentTest,
  replayWebhooks: Replayed,
  listFailures: FailureGroupPage,
  getFailure: FailureGroupResource,
  listFailedRequests: RequestPage,
  noteFailure: FailureGroupResource,
  listLimits: LimitList,
  getLimit: LimitView,
  changeLimit: LimitView,
  resetLimit: LimitView,
};

/** Statuses that say when to come again. */
const BUSY = [
  'idempotency_key_busy',
  'limit_contended',
  'overloaded',
  'request_id_busy',
  'tenant_over_share',
];

test.each(WALK)('$operation answers $status $code', async ({ operation, status, code, answer }) => {
  const response = await answer();
  const { headers } = response;
  expect(headers.get('cache-control')).toBe('no-store');
  if (code !== undefined) {
    const problem = await problemIn(response, status);
    expect(problem.code).toBe(code);
    expect(headers.has('retry-after')).toBe(BUSY.includes(code));
    // What failed is for the log.
    if (status === 500) expect(JSON.stringify(problem)).not.toContain('failed before');
    return;
  }
  expect(response.status).toBe(status);
  if (status === 303 || status === 304) {
    expect(await response.text()).toBe('');
    expect(headers.has(status === 303 ? 'location' : 'etag')).toBe(true);
    return;
  }
  if (status === 204) return;
  if (status === 200 && operation.startsWith('getPayload')) {
    expect(await response.text()).toBe('hello');
    return;
  }
  expect(headers.get('content-type')).toBe('application/json');
  const body: unknown = await response.json();
  if (operation.startsWith('getResult') && status === 200) expect(body).toBe('done');
  else if (operation in SCHEMAS) exactly(SCHEMAS[operation] ?? Request, body);
  else expectRequest(operation, exactly(Request, body), headers);
});

function expectRequest(operation: Operation, { endedAt }: z.infer<typeof Request>, headers: Headers): void {
  expect(headers.get('etag')).toMatch(/^"[\da-f]{32}"$/);
  expect(headers.has('retry-after')).toBe(endedAt === undefined);
  expect(headers.has('location')).toBe(operation === 'submitRequest');
}
