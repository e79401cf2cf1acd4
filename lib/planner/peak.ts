import { RECORDED_RESULT_BYTES } from '../core/config/receive-budget.ts';
import { monthlyDollars } from './cost.ts';
import { meanWaitSeconds } from './erlang.ts';
import { SQS_BILLED_CHUNK_BYTES } from './prices.ts';
import { functionHost, type SettingInEffect, slotsOfHost } from './service-host.ts';
import { steadyState } from './steady-state.ts';
import type { Traffic } from './traffic.ts';
import { DEFAULT_KEPT_DAYS, type Workload } from './workload.ts';

/** How a service stands up to the peak of its own traffic. */
export interface Peak {
  /** Requests being handled at a time, by Little's law. */
  readonly requestsAtOnce: number;
  /** Requests that can be handled at a time; undefined if unknown. */
  readonly mostAtOnce?: number;
  /** Mean time until a request starts; Infinity when the queue grows all the time; undefined if unknown. */
  readonly waitSeconds?: number;
  /** What a month costs at the mean rate. Only for a function: other hosts are paid in other ways. */
  readonly monthlyDollars?: DollarsBySize;
}

/** The cost of small requests, whose sizes aren't known: from tiny ones to those with these sizes. */
export interface DollarsBySize {
  readonly least: number;
  readonly most: number;
  readonly payloadBytes: number;
  readonly resultBytes: number;
}

/** The largest payload whose message SQS counts as one, and the largest result that is in its record. */
const SMALL = { payloadBytes: SQS_BILLED_CHUNK_BYTES, resultBytes: RECORDED_RESULT_BYTES };
const TINY = { payloadBytes: 1, resultBytes: 1 };

/**
 * How a service stands up to the peak of its traffic.
 * @param settings those in effect; undefined if unknown
 * @returns undefined if a figure of the traffic is unknown
 */
export function peakOf(
  { arrivals, serviceSeconds, attempts }: Traffic,
  settings: readonly SettingInEffect[] | undefined,
): Peak | undefined {
  if (!arrivals || serviceSeconds === undefined || attempts === undefined) return undefined;
  const requestsAtOnce = arrivals.peakPerSecond * attempts * serviceSeconds;
  const host = settings && functionHost(settings);
  if (!host) {
    const slots = settings && slotsOfHost(settings);
    if (slots === undefined) return { requestsAtOnce };
    const waitSeconds = meanWaitSeconds(slots, requestsAtOnce, serviceSeconds);
    return { requestsAtOnce, mostAtOnce: slots, waitSeconds };
  }
  const at = (ratePerSecond: number, sizes: Pick<Workload, 'payloadBytes' | 'resultBytes'>): Workload => ({
    ratePerSecond,
    serviceSeconds,
    attempts,
    ...sizes,
    ...host,
    concurrency: Math.min(host.concurrency ?? host.batchSize, host.batchSize),
    keptDays: DEFAULT_KEPT_DAYS,
  });
  const workload = at(arrivals.peakPerSecond, TINY);
  const { maxRatePerSecond, wait } = steadyState(workload, host.batchWindowSeconds);
  return {
    requestsAtOnce,
    mostAtOnce: maxRatePerSecond * attempts * serviceSeconds,
    waitSeconds: wait.queueSeconds + wait.windowSeconds + wait.turnSeconds,
    monthlyDollars: {
      least: monthlyDollars(at(arrivals.meanPerSecond, TINY), 'inline'),
      most: monthlyDollars(at(arrivals.meanPerSecond, SMALL), 'inline'),
      ...SMALL,
    },
  };
}
