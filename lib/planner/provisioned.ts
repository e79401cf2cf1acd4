import { POLLER_BATCHES, POLLER_BYTES_A_SECOND } from '../core/config/aws-limits.ts';
import { messageBytesOf, type PayloadWay } from './message-bytes.ts';
import { POLLER_DOLLARS_AN_HOUR } from './prices.ts';
import { attemptsPerSecond, batchSeconds, type Workload } from './workload.ts';

/** What a poller costs in a day. */
export const POLLER_DOLLARS_A_DAY = POLLER_DOLLARS_AN_HOUR * 24;

/** As many provisioned pollers as both the batches at a time and the bytes of messages ask for. */
export function neededPollers(workload: Workload, way: PayloadWay): number {
  const rate = attemptsPerSecond(workload);
  const batchesAtOnce = (rate / workload.batchSize) * batchSeconds(workload);
  const forBatches = Math.ceil(batchesAtOnce / POLLER_BATCHES);
  const forBytes = Math.ceil((rate * messageBytesOf(workload, way)) / POLLER_BYTES_A_SECOND);
  return Math.max(forBatches, forBytes);
}

/** The provisioned pollers of a workload that Lambda runs on average; 0 without provisioned pollers. */
export function pollersInUse(workload: Workload, way: PayloadWay): number {
  const { pollers } = workload;
  if (!pollers) return 0;
  return Math.min(Math.max(neededPollers(workload, way), pollers.min), pollers.max);
}

/** What the provisioned pollers of a workload cost in the time of a million requests. */
export function pollerDollarsOfMillion(workload: Workload, way: PayloadWay): number {
  const hours = 1_000_000 / workload.ratePerSecond / 3_600;
  return pollersInUse(workload, way) * POLLER_DOLLARS_AN_HOUR * hours;
}
