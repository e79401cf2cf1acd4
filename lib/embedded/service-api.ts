import { setTimeout as sleep } from 'node:timers/promises';
import { Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ACTION_ROUTES, addActionRoutes } from '../api/action-routes.ts';
import { ACTIVITY_ROUTES, addActivityRoutes } from '../api/activity-routes.ts';
import { type ApiAccess, createApi } from '../api/app.ts';
import { addBatchRoutes, BATCH_ROUTES } from '../api/batch-routes.ts';
import type { ApiEnv, ApiParts } from '../api/context.ts';
import { problemResponse } from '../api/problem.ts';
import { addScheduleRoutes, SCHEDULE_ROUTES } from '../api/schedule-routes.ts';
import { addWorkRoutes, WORK_ROUTES } from '../api/work-routes.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import { hasOrder } from '../core/config/min-version.ts';
import {
  givenNumbers,
  numberSettings,
  recordMetadataSetting,
  type ServiceSetting,
} from '../core/config/service-setting.ts';
import { DEFAULT_UPLOAD_PREFIX } from '../core/config/settings.ts';
import { Uploads } from '../core/intake/uploads.ts';
import { isEarly } from '../core/model/not-before.ts';
import { ORDERING_KEY_METADATA } from '../core/model/ordering-key.ts';
import type { ReceiptSigner } from '../core/model/receipt.ts';
import type { StoredResult } from '../core/model/stored-result.ts';
import { ticketOf } from '../core/model/upload-key.ts';
import { FailureGroups } from '../core/operations/failure-groups.ts';
import { countedLedger } from '../core/operations/ledger.ts';
import type { ExpectedUpload } from '../core/ports/client-transfers.ts';
import { encodeSubmission } from '../core/wire/submission.ts';
import { DirectoryClientTransfers } from '../stores/directory/client-transfers.ts';
import { SqliteFailureIndex } from '../stores/sqlite/failure-index.ts';
import { SqliteRecordIndex } from '../stores/sqlite/record-index.ts';
import { SqliteRequestMessages } from '../stores/sqlite/request-messages.ts';
import { SqliteWebhookQueue } from '../stores/sqlite/webhook-queue.ts';
import { serviceActions } from './actions/service-actions.ts';
import { type ApiKeys, callerByKey } from './api-keys.ts';
import { serviceAlarms } from './service-alarms.ts';
import { serviceIntake } from './service-intake.ts';
import type { ServiceParts } from './service-parts.ts';
import { servicePause } from './service-pause.ts';
import type { StoredServiceSettings } from './settings.ts';
import { QUEUES, REQUEST_LANES } from './storage.ts';
import { transferRoutes } from './transfer-routes.ts';

/** The parts of the API of a service. */
export interface ServiceApiParts extends Omit<ServiceParts, 'processor' | 'graceSeconds'> {
  /** The URL that clients reach the API by, without /v1. */
  readonly baseUrl: string;
  /** Signs the links that clients upload and download by: at least 32 secret bytes, the same in all processes. */
  readonly transferKey: Uint8Array;
  /** A caller must have one of them. @default - the API is open to anyone who reaches it, as an operator */
  readonly apiKeys?: ApiKeys;
  /** What operators see of its settings. @default - its numbers */
  readonly shownSettings?: readonly ServiceSetting[];
  /** Signs receipts of what is accepted. @default - there are none */
  readonly receipts?: ReceiptSigner;
}

/** Largest body of a call, in bytes, as with API Gateway and Lambda. Uploads and results of takers may be larger. */
const MAX_BODY_BYTES = 6 * 2 ** 20;

/** The HTTP API of a service in a file, with the endpoints of its uploads and downloads. */
export function createServiceApi(parts: ServiceApiParts): Hono {
  const { storage, settings, webhookSecrets, logger, baseUrl, transferKey, takers, apiKeys, receipts } =
    parts;
  const { file, clock, payloads, uploadFolder } = storage;
  const now = () => clock.now();
  const intake = serviceIntake(parts);
  const { records, queue, newId } = intake;
  const { actions } = serviceActions({ storage, settings, intake, logger, hasTakers: takers !== undefined });

  /** Sends the message first: the record says `queued` only when there is one. */
  const submitUpload = async ({ key, ...upload }: ExpectedUpload, { check, size }: StoredResult) => {
    const request = ticketOf(key);
    const record = request && (await records.find(request));
    if (record?.status !== 'awaiting_upload') return;
    const { tenant, id: requestId } = record.request;
    const submission = { ...record.request, source: '', submittedAt: record.createdAt, ...upload } as const;
    const orderingKey = upload.metadata[ORDERING_KEY_METADATA];
    const { notBefore, priority } = record.request;
    await queue.send(encodeSubmission({ ...submission, payload: { check, size } }, settings), tenant, {
      requestId,
      ...(orderingKey !== undefined && { orderingKey }),
      ...(isEarly(record.request, now()) && { notBefore }),
      ...(priority !== undefined && { priority }),
    });
    await records.change(record.request, { type: 'uploaded' }).catch((error: unknown) => {
      logger.warn('An upload could not be recorded yet', {
        requestId,
        error: serializeError(error),
      });
    });
  };
  const transfers = new DirectoryClientTransfers(payloads, {
    uploadFolder,
    key: transferKey,
    baseUrl,
    now,
    onStored: submitUpload,
  });
  const apiParts: ApiParts = {
    destinations: [
      {
        topics: settings.topics,
        submissions: intake.submissions,
        admission: intake.admission,
        forecaster: intake.forecaster,
        acceptsMinVersion: hasOrder(settings.handlerVersion),
        keepsOrder: queue.ordered,
        maxUploadDelaySeconds: queue.maxDelaySeconds,
        uploadPriorities: queue.priorities,
      },
    ],
    uploads: new Uploads(
      { records, transfers, clock, newId },
      { ...settings, uploadPrefix: DEFAULT_UPLOAD_PREFIX },
    ),
    records,
    index: new SqliteRecordIndex(file, clock),
    failures: new FailureGroups(new SqliteFailureIndex(file), clock),
    transfers,
    messages: new SqliteRequestMessages(file, {
      lanes: Object.values(REQUEST_LANES),
      deadLetters: QUEUES.deadLetters,
    }),
    store: payloads,
    payloadSources: settings.claimCheckSources,
    limits: intake.limits,
    settings: parts.shownSettings ?? settingsOf(settings),
    alarms: serviceAlarms(parts),
    pause: servicePause({ storage, logger }),
    // Held calls cost nothing here.
    heldCalls: { mayHold: async () => true },
    logger,
    clock: { now, sleep: (milliseconds) => sleep(milliseconds) },
    resultAgeDays: settings.resultAgeDays,
    recordMetadata: settings.recordMetadata,
    webhookRules: settings,
    webhookQueue: webhookSecrets && new SqliteWebhookQueue(file, QUEUES.webhooks, clock),
    webhookEndpoints: parts.webhookEndpoints,
    ledger: countedLedger(storage.ledger(), clock),
    ...(receipts && { receipts: { read: async () => receipts } }),
    serviceName: settings.serviceName,
  };
  const access: ApiAccess = apiKeys
    ? { auth: 'key', callerOf: callerByKey(apiKeys) }
    : { auth: 'none', callerOf: () => ({ isOperator: true }) };
  const api = createApi(apiParts, access, [
    { routes: SCHEDULE_ROUTES, add: (added) => addScheduleRoutes(added, intake.schedules, apiParts) },
    { routes: ACTION_ROUTES, add: (added) => addActionRoutes(added, actions) },
    { routes: BATCH_ROUTES, add: (added) => addBatchRoutes(added, intake.batches, apiParts) },
    {
      routes: ACTIVITY_ROUTES,
      add: (added) => addActivityRoutes(added, { activity: storage.activity(), clock }),
    },
    ...(takers
      ? [{ routes: WORK_ROUTES, add: (added: Hono<ApiEnv>) => addWorkRoutes(added, takers, apiParts) }]
      : []),
  ]);
  const app = new Hono();
  app.use('/v1/*', limitBody);
  app.route('/', transferRoutes(transfers));
  app.mount('/', api.fetch, { replaceRequest: (request) => request });
  return app;
}

const limitBody: MiddlewareHandler = async (c, next) => {
  if (RESULT_PATH.test(c.req.path)) return next();
  return limitedBody(c, next);
};

const RESULT_PATH = /^\/v1\/jobs\/[^/]+\/ack$/;

const limitedBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (c) =>
    problemResponse(c, {
      status: 413,
      code: 'payload_too_large',
      detail: `The body of a call is at most ${MAX_BODY_BYTES} bytes; use POST /v1/uploads for larger payloads, and several calls for the items of a batch`,
    }),
});

/** A setting that differs from its default was set by the program. */
function settingsOf(settings: StoredServiceSettings): ServiceSetting[] {
  const differing = givenNumbers(settings);
  return [
    ...numberSettings(settings, (name, { default: byDefault }) => ({
      from: byDefault !== undefined && name in differing ? 'program' : 'default',
    })),
    recordMetadataSetting(settings.recordMetadata, { from: 'program' }),
  ];
}
