import { LAMBDA_ACCOUNT_CONCURRENCY, SQS_MAX_IN_FLIGHT_MESSAGES } from '../core/config/aws-limits.ts';
import { NUMBER_SETTINGS } from '../core/config/settings.ts';
import { type BatchSettings, COMFORTABLE_UTILISATION } from './batch-settings.ts';
import { neededPollers, POLLER_DOLLARS_A_DAY } from './provisioned.ts';
import type { SteadyState } from './steady-state.ts';
import type { SurgeForecast } from './surge.ts';
import type { Workload } from './workload.ts';

/** Something to know before relying on a plan. */
export interface Finding {
  /** `problem`: it won't work like this. `caution`: it may not. `note`: good to know. */
  readonly level: 'problem' | 'caution' | 'note';
  readonly text: string;
}

/** The share of memory that payloads may fill before reading them whole is a risk. */
const SAFE_MEMORY_SHARE = 0.5;

/** What doesn't fit, or barely does; empty if everything fits. */
export function findings(
  workload: Workload,
  settings: BatchSettings,
  steady: SteadyState,
  forecast: SurgeForecast | undefined,
): Finding[] {
  return [
    ...rateFindings(workload, steady),
    ...batchFindings(workload, settings, steady),
    ...(forecast ? surgeFindings(workload, forecast) : []),
  ];
}

function rateFindings(workload: Workload, steady: SteadyState): Finding[] {
  const { utilisation, maxBatches, batchesAtOnce, boundBy, maxRatePerSecond } = steady;
  if (utilisation >= 1) {
    const grows = count(Math.ceil(workload.ratePerSecond - maxRatePerSecond));
    const text = `The workload needs ${count(Math.ceil(batchesAtOnce))} concurrent batches, but at most ${count(maxBatches)} can run (${boundBy}): the queue grows by ${grows} requests a second without limit.`;
    return [{ level: 'problem', text }, remedy(workload, steady)];
  }
  if (utilisation > COMFORTABLE_UTILISATION) {
    const text = `${Math.round(utilisation * 100)}% of the ${count(maxBatches)} concurrent batches (${boundBy}) are in use: a little more load makes waits much longer.`;
    return [{ level: 'caution', text }, remedy(workload, steady)];
  }
  const found = pollerFindings(workload);
  if (batchesAtOnce >= LAMBDA_ACCOUNT_CONCURRENCY) found.push(beyondAccount('The workload', workload));
  return found;
}

/** The bytes of messages that refer to their payload; larger messages need more. */
function pollerFindings(workload: Workload): Finding[] {
  const needed = neededPollers(workload, 'S3');
  if (!workload.pollers || needed <= workload.pollers.max) return [];
  const text = `The workload needs at least ${count(needed)} pollers, but queue.pollers.max is ${count(workload.pollers.max)}: the queue grows without limit.`;
  return [{ level: 'problem', text }];
}

function remedy(workload: Workload, steady: SteadyState): Finding {
  const { batchSize, maxConcurrency, pollers } = workload;
  const { boundBy, batchesAtOnce } = steady;
  if (boundBy === 'provisioned pollers') {
    const text = `Raise queue.pollers.max from ${pollers?.max}, or process larger batches concurrently.`;
    return { level: 'note', text };
  }
  if (boundBy === 'maximum concurrency') {
    const text = `Raise queue.maxConcurrency from ${maxConcurrency}, or process larger batches concurrently.`;
    return { level: 'note', text };
  }
  if (boundBy === 'messages in flight' || batchesAtOnce * batchSize > SQS_MAX_IN_FLIGHT_MESSAGES) {
    const text = `A queue can have at most ${count(SQS_MAX_IN_FLIGHT_MESSAGES)} messages in flight: split the requests over several services.`;
    return { level: 'note', text };
  }
  const needed = neededPollers(workload, 'S3');
  const text = `Process larger batches concurrently, or set queue.pollers: at least ${count(needed)} pollers, for $${(needed * POLLER_DOLLARS_A_DAY).toFixed(2)} a day.`;
  return { level: 'note', text };
}

function batchFindings(
  { payloadBytes, memoryMiB, concurrency, batchSize }: Workload,
  settings: BatchSettings,
  { batchSeconds, batchesAtOnce, batchesAtOnceUnfilled }: SteadyState,
): Finding[] {
  const found: Finding[] = [];
  const { timeoutSeconds } = settings;
  if (batchSeconds > timeoutSeconds) {
    const text = `A batch takes ${count(Math.ceil(batchSeconds))} s, but the function times out after ${timeoutSeconds} s: use smaller batches or a higher concurrency.`;
    found.push({ level: 'problem', text });
  }
  const mebibytes = (payloadBytes * concurrency) / 1_048_576;
  if (mebibytes > memoryMiB * SAFE_MEMORY_SHARE) {
    const text = `${count(concurrency)} concurrent payloads take ${count(Math.round(mebibytes))} MiB of ${count(memoryMiB)} MiB of memory: read them as streams, raise the memory, or lower the concurrency.`;
    found.push({ level: 'caution', text });
  }
  if (batchSize > 1 && settings.batchWindowSeconds === 0 && batchesAtOnceUnfilled >= batchesAtOnce * 2) {
    const text = `Without a batch window, batches are not filled while the queue is short: up to ${count(Math.ceil(batchesAtOnceUnfilled))} run at a time, at a higher cost. Set queue.batchWindow to 1 second to fill them.`;
    found.push({ level: 'note', text });
  }
  return found;
}

function surgeFindings(workload: Workload, forecast: SurgeForecast): Finding[] {
  const { drainedSeconds, longestWaitSeconds, mostBatches } = forecast;
  const found: Finding[] = [];
  const retention = NUMBER_SETTINGS.inputRetentionSeconds.default;
  if (drainedSeconds === undefined) {
    found.push({ level: 'problem', text: 'The backlog of the surge is never processed.' });
  } else if (longestWaitSeconds >= retention) {
    const text = `Requests wait longer than the ${retention / 86_400} days for which the input queue keeps them and would be lost: raise queue.retention.`;
    found.push({ level: 'problem', text });
  }
  if (mostBatches >= LAMBDA_ACCOUNT_CONCURRENCY) found.push(beyondAccount('The surge', workload));
  return found;
}

function beyondAccount(what: string, { pollers }: Workload): Finding {
  const prop = pollers ? NUMBER_SETTINGS.maxPollers.prop : NUMBER_SETTINGS.maxConcurrency.prop;
  const text = `${what} uses all ${count(LAMBDA_ACCOUNT_CONCURRENCY)} concurrent invocations of an account's default quota and leaves none for the HTTP API: request a higher quota, or lower ${prop}.`;
  return { level: 'caution', text };
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
