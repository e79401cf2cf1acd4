import { LAMBDA_ACCOUNT_CONCURRENCY, SQS_MAX_IN_FLIGHT_MESSAGES } from '../core/config/aws-limits.ts';
import { NUMBER_SETTINGS } from '../core/config/settings.ts';
import { type BatchSettings, COMFORTABLE_UTILISATION } from './batch-settings.ts';
import { provisionedPollers } from './provisioned.ts';
import type { SteadyState } from './steady-state.ts';
import type { SurgeForecast } from './surge.ts';
import type { Workload } from './workload.ts';

/** Something to know before relying on a plan. */
export interface Finding {
  /** `problem`: it won't work like this. `caution`: it may not. `note`: good to know. */
  readonly level: 'problem' | 'caution' | 'note';
  readonly text: string;
}

/** The share of memory payloads may fill before reading them whole is a risk. */
const SAFE_MEMORY_SHARE = 0.5;

/** What doesn't fit, or only just. None where everything does. */
export function findings(
  workload: Workload,
  settings: BatchSettings,
  steady: SteadyState,
  forecast: SurgeForecast | undefined,
): Finding[] {
  return [
    ...rateFindings(workload, steady),
    ...batchFindings(workload, settings, steady),
    ...(forecast ? surgeFindings(forecast) : []),
  ];
}

function rateFindings(workload: Workload, steady: SteadyState): Finding[] {
  const { utilisation, maxBatches, batchesAtOnce, boundBy, maxRatePerSecond } = steady;
  if (utilisation >= 1) {
    const grows = count(Math.ceil(workload.ratePerSecond - maxRatePerSecond));
    const text = `It needs ${count(Math.ceil(batchesAtOnce))} batches at a time and gets at most ${count(maxBatches)} (${boundBy}): the queue grows by ${grows} requests a second without end.`;
    return [{ level: 'problem', text }, remedy(workload, steady)];
  }
  if (utilisation > COMFORTABLE_UTILISATION) {
    const text = `${Math.round(utilisation * 100)} % of ${count(maxBatches)} batches at a time (${boundBy}) are in use: a little more load means much longer waits.`;
    return [{ level: 'caution', text }, remedy(workload, steady)];
  }
  if (batchesAtOnce >= LAMBDA_ACCOUNT_CONCURRENCY) return [beyondAccount('The workload')];
  return [];
}

function remedy({ ratePerSecond, batchSize, maxConcurrency }: Workload, steady: SteadyState): Finding {
  const { boundBy, batchesAtOnce } = steady;
  if (boundBy === 'maximum concurrency') {
    const text = `Raise queue.maxConcurrency from ${maxConcurrency}, or handle larger batches at once.`;
    return { level: 'note', text };
  }
  if (boundBy === 'messages in flight' || batchesAtOnce * batchSize > SQS_MAX_IN_FLIGHT_MESSAGES) {
    const text = `A queue has at most ${count(SQS_MAX_IN_FLIGHT_MESSAGES)} messages in flight: spread the requests over several services.`;
    return { level: 'note', text };
  }
  const { pollers, dollarsADay } = provisionedPollers(batchesAtOnce, ratePerSecond * 1_000);
  const text = `Handle larger batches at once. Or use provisioned pollers, which a service doesn't set by itself: at least ${count(pollers)} of them, $${dollarsADay.toFixed(2)} a day.`;
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
    const text = `A batch takes ${count(Math.ceil(batchSeconds))} s and a function has at most ${timeoutSeconds} s: make batches smaller or handle more of them at once.`;
    found.push({ level: 'problem', text });
  }
  const mebibytes = (payloadBytes * concurrency) / 1_048_576;
  if (mebibytes > memoryMiB * SAFE_MEMORY_SHARE) {
    const text = `${count(concurrency)} payloads at once are ${count(Math.round(mebibytes))} MiB of ${count(memoryMiB)} MiB of memory: read them as streams, give it more memory, or lower the concurrency.`;
    found.push({ level: 'caution', text });
  }
  if (batchSize > 1 && settings.batchWindowSeconds === 0 && batchesAtOnceUnfilled >= batchesAtOnce * 2) {
    const text = `Without a batch window batches may go unfilled while the queue is short: up to ${count(Math.ceil(batchesAtOnceUnfilled))} at a time, and dearer. A queue.batchWindow of 1 second fills them.`;
    found.push({ level: 'note', text });
  }
  return found;
}

function surgeFindings({ drainedSeconds, longestWaitSeconds, mostBatches }: SurgeForecast): Finding[] {
  const found: Finding[] = [];
  const retention = NUMBER_SETTINGS.inputRetentionSeconds.default;
  if (drainedSeconds === undefined) {
    found.push({ level: 'problem', text: 'The surge is not worked off.' });
  } else if (longestWaitSeconds >= retention) {
    const text = `Requests wait longer than the ${retention / 86_400} days the input queue keeps them: raise queue.retention, or they are lost.`;
    found.push({ level: 'problem', text });
  }
  if (mostBatches >= LAMBDA_ACCOUNT_CONCURRENCY) found.push(beyondAccount('The surge'));
  return found;
}

function beyondAccount(what: string): Finding {
  const text = `${what} takes the ${count(LAMBDA_ACCOUNT_CONCURRENCY)} invocations at a time that an account has unless AWS granted it more, and leaves none to the HTTP API: ask for more, or lower queue.maxConcurrency.`;
  return { level: 'caution', text };
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
