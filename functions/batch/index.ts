/**
 * Counts the requests of batches by the stream of the table, and does what batches wait for when their timers fire.
 */
import type { Context } from 'aws-lambda';
import { storedBatchOf } from '../../lib/aws/batch-item.ts';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbBatchCounter } from '../../lib/aws/dynamodb-batch-counter.ts';
import { DynamoDbOpenBatches } from '../../lib/aws/dynamodb-open-batches.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { lazy } from '../../lib/aws/lazy.ts';
import { lazyManifestFiles } from '../../lib/aws/lazy-manifest-files.ts';
import { lazyRunningMinuteTimers } from '../../lib/aws/lazy-minute-timers.ts';
import { SqsWebhookQueue } from '../../lib/aws/sqs-webhook-queue.ts';
import { serializeError } from '../../lib/core/base/serialize-error.ts';
import { readBatchEnvironment } from '../../lib/core/config/batch-environment.ts';
import type { BatchImporter } from '../../lib/core/intake/batch-importer.ts';
import { BatchManifest } from '../../lib/core/intake/batch-manifest.ts';
import { BatchRunner } from '../../lib/core/intake/batch-runner.ts';
import { BatchUpkeep } from '../../lib/core/intake/batch-upkeep.ts';
import { manifestLine } from '../../lib/core/intake/manifest-line.ts';
import { batchViewOf } from '../../lib/core/model/batch-view.ts';
import type { StoredBatch } from '../../lib/core/ports/batch-store.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { batchWebhookOf } from '../../lib/core/webhooks/batch-webhook.ts';
import { sendWebhooks } from '../../lib/core/webhooks/resend.ts';
import { batchChangesOf } from '../../lib/lambda/batch-changes.ts';
import { isStreamEvent } from '../../lib/lambda/dynamodb-stream-event.ts';
import { timerKeyOf } from '../../lib/lambda/minute-timer-event.ts';
import { createPowertools, PowertoolsLogger } from '../../lib/lambda/powertools-logger.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

/** A part of what a batch waits for takes seconds. What is left then is done when the timer fires again. */
const SPARE_MILLISECONDS = 60_000;

const powertools = createPowertools();
const environment = readBatchEnvironment(process.env);
const { requestTable, recordAgeDays, recordMetadata, resultAgeDays, serviceName, webhookQueueUrl } =
  environment;
const logger = new PowertoolsLogger(powertools);
const dynamodb = recordClient();
const ports = { client: dynamodb, table: requestTable, random: Math.random };
const counter = new DynamoDbBatchCounter(ports);
const store = new DynamoDbOpenBatches(ports);
const records = new RequestRecords(
  new DynamoDbRecordStore(dynamodb, requestTable),
  Date.now,
  recordAgeDays,
  recordMetadata,
);
const webhooks = webhookQueueUrl === '' ? undefined : new SqsWebhookQueue(queueClient(), webhookQueueUrl);
// Items of batches on AWS wait for 15 minutes at most: there is nothing to promote.
const submissions = { promote: async () => {} };
const manifest = new BatchManifest(
  {
    store,
    files: lazyManifestFiles(environment.payloadBucket),
    lineOf: (item) => manifestLine(item, { resultAgeDays, now: Date.now() }),
  },
  environment.resultPrefix,
);
/** Few batches import their items. */
const loadImporter = lazy(async () => {
  const { batchImporter } = await import('./importer.ts');
  return batchImporter(environment, records, logger);
});
const importer: Pick<BatchImporter, 'advance'> = {
  advance: async (due) => (await loadImporter()).advance(due),
};
const runner = new BatchRunner(
  { store, records, submissions, importer, manifest, report, clock: Date, logger },
  recordAgeDays,
);
const timers = lazyRunningMinuteTimers(environment.scheduleGroup);
const upkeep = new BatchUpkeep({ store, runner, timers, clock: Date });

/** Handles changes of records, or the firing of a timer. */
export async function handler(event: unknown, context: Context): Promise<void> {
  powertools.addContext(context);
  if (!isStreamEvent(event)) {
    const mayGoOn = () => context.getRemainingTimeInMillis() > SPARE_MILLISECONDS;
    return upkeep.run(timerKeyOf(event), mayGoOn);
  }
  const changed = await counter.count(batchChangesOf(event, logger));
  for (const item of changed) {
    const { batch, state } = storedBatchOf(item);
    if (state.endedAt === undefined) continue;
    // A report that fails, or a manifest of several parts, holds up no changes: the timer goes on with it.
    await upkeep
      .run(batch, () => false)
      .catch((error: unknown) => {
        logger.error('The end of a batch is reported later', {
          batch: batch.id,
          error: serializeError(error),
        });
      });
  }
}

async function report(ended: StoredBatch): Promise<void> {
  const { callbackUrl } = ended.batch;
  const view = batchViewOf(ended, Date.now());
  const webhook = webhooks && batchWebhookOf({ view, callbackUrl }, environment, serviceName);
  if (webhook) await sendWebhooks([webhook], webhooks);
}
