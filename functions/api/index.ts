/**
 * The HTTP API behind API Gateway.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { v7 } from 'uuid';
import { type ApiAccess, createApi } from '../../lib/api/app.ts';
import type { ApiParts } from '../../lib/api/context.ts';
import type { Destination } from '../../lib/api/destination.ts';
import { type AddedProcessor, addedProcessors } from '../../lib/aws/added-processors.ts';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbFailureIndex } from '../../lib/aws/dynamodb-failure-index.ts';
import { DynamoDbHeldCalls } from '../../lib/aws/dynamodb-held-calls.ts';
import { DynamoDbIdempotencyKeys } from '../../lib/aws/dynamodb-idempotency-keys.ts';
import { DynamoDbLedger } from '../../lib/aws/dynamodb-ledger.ts';
import { DynamoDbLimitStore } from '../../lib/aws/dynamodb-limit-store.ts';
import { DynamoDbLoadLog } from '../../lib/aws/dynamodb-load-log.ts';
import { DynamoDbOperatorPauses } from '../../lib/aws/dynamodb-operator-pauses.ts';
import { DynamoDbRecordIndex } from '../../lib/aws/dynamodb-record-index.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { DynamoDbWebhookEndpoints } from '../../lib/aws/dynamodb-webhook-endpoints.ts';
import { lazyAlarms } from '../../lib/aws/lazy-alarms.ts';
import { lazyClientTransfers } from '../../lib/aws/lazy-client-transfers.ts';
import { lazyDelayedMessages } from '../../lib/aws/lazy-delayed-messages.ts';
import { lazyPayloadStore } from '../../lib/aws/lazy-payload-store.ts';
import { lazyReceiptSigners } from '../../lib/aws/lazy-receipt-signers.ts';
import { lazyWebhookSecrets } from '../../lib/aws/lazy-webhook-secrets.ts';
import { queueArnOf } from '../../lib/aws/queue-arn.ts';
import { SqsBacklogGauge } from '../../lib/aws/sqs-backlog-gauge.ts';
import { SQS_MAX_RETRY_SECONDS } from '../../lib/aws/sqs-capabilities.ts';
import { isFifo } from '../../lib/aws/sqs-fifo.ts';
import { SqsPauses } from '../../lib/aws/sqs-pauses.ts';
import { SqsSubmissionQueue } from '../../lib/aws/sqs-submission-queue.ts';
import { SqsWebhookQueue } from '../../lib/aws/sqs-webhook-queue.ts';
import { SwitchedOperatorPauses } from '../../lib/aws/switched-operator-pauses.ts';
import { type ApiEnvironment, readApiEnvironment } from '../../lib/core/config/api-environment.ts';
import { deployedSettings, recordMetadataSetting } from '../../lib/core/config/service-setting.ts';
import { LanedAdmission } from '../../lib/core/intake/admission/laned-admission.ts';
import { LoadAdmission } from '../../lib/core/intake/admission/load-admission.ts';
import { Forecaster } from '../../lib/core/intake/forecast/forecaster.ts';
import { lanedSubmissionQueue } from '../../lib/core/intake/laned-submission-queue.ts';
import { Submissions } from '../../lib/core/intake/submissions.ts';
import { Uploads } from '../../lib/core/intake/uploads.ts';
import { withCaps } from '../../lib/core/limits/capped-admission.ts';
import { LiveLimits } from '../../lib/core/limits/live-limits.ts';
import { eachPriority, type Priority } from '../../lib/core/model/priority.ts';
import { FailureGroups } from '../../lib/core/operations/failure-groups.ts';
import { ServicePause } from '../../lib/core/operations/service-pause.ts';
import type { RemovableMessages } from '../../lib/core/ports/delayed-messages.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { WebhookEndpoints } from '../../lib/core/webhooks/endpoints.ts';
import { callerOf } from '../../lib/lambda/api-gateway-caller.ts';
import { requestOf, resultOf } from '../../lib/lambda/api-gateway-event.ts';
import { loadTracing } from '../../lib/lambda/load-tracing.ts';
import { createPowertools, PowertoolsLogger } from '../../lib/lambda/powertools-logger.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';
import { traceInvocation } from '../../lib/lambda/trace-invocation.ts';
import { lanesOf } from './lanes.ts';

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

const powertools = createPowertools();
const environment = readApiEnvironment(process.env);
const logger = new PowertoolsLogger(powertools);
const tracingLoaded = loadTracing(environment.tracing, environment.serviceName, logger);
const taking = takingOf(environment);
const parts = partsOf(environment);
const extensions = [
  ...(environment.scheduleFunctionArn === ''
    ? []
    : [(await import('./schedules.ts')).scheduleRoutes(environment, parts)]),
  ...(environment.batchFunctionArn === ''
    ? []
    : [(await import('./batches.ts')).batchRoutes(environment, parts, taking)]),
  ...(environment.actionFunctionArn === ''
    ? []
    : [(await import('./actions.ts')).actionRoutes(environment, parts)]),
  ...(environment.activity ? [(await import('./activity.ts')).activityRoutes(environment)] : []),
];
const access: ApiAccess = {
  auth: environment.auth,
  callerOf: (c) => callerOf(c.env.requestContext, environment),
};
const app = createApi(parts, access, extensions);

/** Handles a call of the API. */
export async function handler(
  event: APIGatewayProxyEventV2,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2> {
  powertools.addContext(context);
  const { requestContext } = event;
  await tracingLoaded;
  return traceInvocation(environment.tracing, context, logger, async () =>
    resultOf(await app.fetch(requestOf(event), { requestContext })),
  );
}

/** What takes requests, besides the queue that gets them. */
function takingOf({ payloadBucket, requestTable, recordAgeDays, recordMetadata }: ApiEnvironment) {
  const dynamodb = recordClient();
  return {
    records: new RequestRecords(
      new DynamoDbRecordStore(dynamodb, requestTable),
      Date.now,
      recordAgeDays,
      recordMetadata,
    ),
    keys: new DynamoDbIdempotencyKeys(dynamodb, requestTable),
    store: lazyPayloadStore(payloadBucket, 1),
    logger,
    clock: Date,
    newId: (at: number) => v7({ msecs: at }),
  };
}

function partsOf(settings: ApiEnvironment): ApiParts {
  const { payloadBucket, requestTable, resultAgeDays, limits } = settings;
  const { records, newId, store } = taking;
  const [dynamodb, sqs] = [recordClient(), queueClient()];
  const transfers = lazyClientTransfers(payloadBucket);
  const index = new DynamoDbRecordIndex(dynamodb, requestTable, Date);
  const webhookQueue = settings.webhookQueueUrl
    ? new SqsWebhookQueue(sqs, settings.webhookQueueUrl)
    : undefined;
  const caps = {
    store: new DynamoDbLimitStore(dynamodb, requestTable),
    logger,
    clock: Date,
    random: Math.random,
  };
  const destinationOf = (
    processor: Omit<AddedProcessor, 'inputQueueName'>,
    lanes?: Readonly<Record<Priority, string>>,
  ): Destination => {
    const { inputQueueUrl, topics, acceptsMinVersion, loadName } = processor;
    const queueAt = (url: string) =>
      new SqsSubmissionQueue(sqs, url, { clock: Date, later: delayedMessages(url, settings) });
    const admissionAt = (url: string) =>
      new LoadAdmission(
        { ...settings, ...processor },
        {
          gauge: new SqsBacklogGauge(sqs, url),
          log: new DynamoDbLoadLog(dynamodb, requestTable, loadName),
          logger,
          clock: Date,
          random: Math.random,
        },
      );
    const admission = lanes
      ? new LanedAdmission(eachPriority((priority) => admissionAt(lanes[priority])))
      : admissionAt(inputQueueUrl);
    const queue = lanes
      ? lanedSubmissionQueue(eachPriority((priority) => queueAt(lanes[priority])))
      : queueAt(inputQueueUrl);
    const isFirst = loadName === '';
    return {
      topics,
      submissions: new Submissions({ ...taking, queue }, settings),
      admission: isFirst ? withCaps(admission, limits, caps) : admission,
      forecaster: new Forecaster({
        admission,
        limits: isFirst ? limits : [],
        limitStore: caps.store,
        logger,
        clock: Date,
      }),
      acceptsMinVersion,
      keepsOrder: queue.ordered,
      maxUploadDelaySeconds: queue.ordered ? 0 : SQS_MAX_RETRY_SECONDS,
    };
  };
  return {
    destinations: [
      destinationOf({ ...settings, loadName: '' }, lanesOf(settings)),
      ...addedProcessors(settings).map((processor) => destinationOf(processor)),
    ],
    uploads: new Uploads({ records, transfers, clock: Date, newId }, settings),
    records,
    index,
    failures: new FailureGroups(new DynamoDbFailureIndex(dynamodb, requestTable, Date), Date),
    transfers,
    store,
    payloadSources: [settings.uploadPrefix, settings.payloadPrefix].map(
      (prefix) => `${payloadBucket}/${prefix}`,
    ),
    limits: new LiveLimits(limits, caps.store, Date, Math.random),
    settings: [
      ...deployedSettings(settings.givenNumbers),
      recordMetadataSetting(settings.recordMetadata, { setBy: 'prop records.metadata', from: 'deployment' }),
    ],
    alarms: lazyAlarms(settings),
    pause: pauseOf(settings),
    heldCalls: new DynamoDbHeldCalls(dynamodb, requestTable),
    logger,
    clock: { now: Date.now, sleep },
    resultAgeDays,
    recordMetadata: settings.recordMetadata,
    webhookRules: settings,
    webhookQueue,
    webhookEndpoints:
      webhookQueue && settings.webhookSecret
        ? new WebhookEndpoints({
            store: new DynamoDbWebhookEndpoints(dynamodb, requestTable),
            secrets: lazyWebhookSecrets(settings.webhookSecret, logger),
            queue: webhookQueue,
            index,
            rules: settings,
            serviceName: settings.serviceName,
            clock: Date,
            newId,
          })
        : undefined,
    ledger: new DynamoDbLedger(dynamodb, requestTable),
    ...(settings.receiptSecret && { receipts: lazyReceiptSigners(settings.receiptSecret, logger) }),
    serviceName: settings.serviceName,
  };
}

/** What pauses processing; undefined if nothing can. */
function pauseOf({ pauseQueueUrl, requestTable, inputRetentionSeconds }: ApiEnvironment) {
  if (pauseQueueUrl === '') return undefined;
  const store = new DynamoDbOperatorPauses(recordClient(), requestTable);
  return new ServicePause({
    pauses: new SwitchedOperatorPauses(store, new SqsPauses(queueClient(), pauseQueueUrl)),
    retentionSeconds: inputRetentionSeconds,
    clock: Date,
    logger,
  });
}

/** What sends requests to an input queue later than SQS can; undefined if nothing does. */
function delayedMessages(
  inputQueueUrl: string,
  { scheduleGroup, scheduleRole, scheduleDeadLetterQueueArn }: ApiEnvironment,
): RemovableMessages | undefined {
  if (scheduleGroup === '' || isFifo(inputQueueUrl)) return undefined;
  return lazyDelayedMessages({
    scheduleGroup,
    scheduleRole,
    queueArn: queueArnOf(inputQueueUrl, scheduleDeadLetterQueueArn),
    deadLetterQueueArn: scheduleDeadLetterQueueArn,
  });
}
