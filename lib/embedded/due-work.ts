import { serializeError } from '../core/base/serialize-error.ts';
import { BatchRunner } from '../core/intake/batch-runner.ts';
import { runDueSchedules } from '../core/intake/run-due-schedules.ts';
import { ScheduleRunner } from '../core/intake/schedule-runner.ts';
import { batchViewOf } from '../core/model/batch-view.ts';
import type { StoredBatch } from '../core/ports/batch-store.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { batchWebhookOf } from '../core/webhooks/batch-webhook.ts';
import { sendWebhooks } from '../core/webhooks/resend.ts';
import { ACTIONS } from '../stores/sqlite/action-store.ts';
import { BATCHES } from '../stores/sqlite/batch-store.ts';
import { SCHEDULES } from '../stores/sqlite/schedule-store.ts';
import { SqliteWebhookQueue } from '../stores/sqlite/webhook-queue.ts';
import type { ServiceActions } from './actions/service-actions.ts';
import type { ServiceIntake } from './service-intake.ts';
import type { StoredServiceSettings } from './settings.ts';
import { QUEUES, type Storage } from './storage.ts';

/** The dependencies of {@link runDueWork}. */
export interface DueWorkParts {
  readonly storage: Storage;
  readonly settings: StoredServiceSettings;
  readonly intake: ServiceIntake;
  readonly actions: ServiceActions;
  /** Whether the service sends webhooks. */
  readonly hasWebhooks: boolean;
  readonly logger: Logger;
}

/** How often to check the clock, and the file where the system doesn't report its changes. */
const POLL_MILLISECONDS = 1_000;

/**
 * Does the timed work of a service until the signal fires: the runs of schedules, the steps of batches, and the steps of
 * actions.
 */
export async function runDueWork(parts: DueWorkParts, signal: AbortSignal): Promise<void> {
  await Promise.all([
    keepRunning(SCHEDULES, scheduledRuns(parts), parts, signal),
    keepRunning(BATCHES, batchSteps(parts), parts, signal),
    keepRunning(ACTIONS, actionSteps(parts), parts, signal),
  ]);
}

/** Does the work that is due now. @returns milliseconds until more is due */
type RunDue = () => Promise<number>;

function scheduledRuns({ storage, intake, logger }: DueWorkParts): RunDue {
  const { clock } = storage;
  const { scheduleStore: store, submissions, records } = intake;
  const runner = new ScheduleRunner({ store, submissionsFor: () => submissions, records, clock, logger });
  return async () => {
    await runDueSchedules({ due: store, runner, clock, logger });
    return (store.nextDueAt() ?? Number.POSITIVE_INFINITY) - clock.now();
  };
}

function batchSteps({ storage, settings, intake, hasWebhooks, logger }: DueWorkParts): RunDue {
  const { file, clock } = storage;
  const queue = new SqliteWebhookQueue(file, QUEUES.webhooks, clock);
  const report = async (ended: StoredBatch) => {
    if (!hasWebhooks) return;
    const { callbackUrl } = ended.batch;
    const view = batchViewOf(ended, clock.now());
    const webhook = batchWebhookOf({ view, callbackUrl }, settings, settings.serviceName);
    if (webhook) await sendWebhooks([webhook], queue);
  };
  const { batchStore: store, records, submissions } = intake;
  const runner = new BatchRunner(
    { store, records, submissions, report, clock, logger },
    settings.recordAgeDays,
  );
  return async () => ((await runner.run(store)) ? 0 : Number.POSITIVE_INFINITY);
}

function actionSteps({ storage: { clock }, actions: { runner, store } }: DueWorkParts): RunDue {
  return async () => {
    await runner.run();
    return (store.nextDueAt() ?? Number.POSITIVE_INFINITY) - clock.now();
  };
}

/** @param what see {@link SqliteFile.whenChanged} */
async function keepRunning(
  what: string,
  run: RunDue,
  { storage, logger }: DueWorkParts,
  signal: AbortSignal,
): Promise<void> {
  const onError = (error: unknown) => {
    logger.error(`The due ${what} could not be run`, { error: serializeError(error) });
    return Number.POSITIVE_INFINITY;
  };
  while (!signal.aborted) {
    const wait = await run().catch(onError);
    const polled = Math.min(Math.max(wait, 0), POLL_MILLISECONDS);
    await storage.file.whenChanged(what, polled, signal);
  }
}
