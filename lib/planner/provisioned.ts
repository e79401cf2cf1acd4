import { POLLER_BATCHES, POLLER_BYTES_A_SECOND } from '../core/config/aws-limits.ts';
import { POLLER_DOLLARS_AN_HOUR } from './prices.ts';

/** What provisioned mode of the event source takes for a workload. */
export interface ProvisionedPollers {
  readonly pollers: number;
  readonly dollarsADay: number;
}

/** As many pollers as both the batches at a time and the bytes of messages ask for. */
export function provisionedPollers(batchesAtOnce: number, messageBytesASecond: number): ProvisionedPollers {
  const forBatches = Math.ceil(batchesAtOnce / POLLER_BATCHES);
  const forBytes = Math.ceil(messageBytesASecond / POLLER_BYTES_A_SECOND);
  const pollers = Math.max(forBatches, forBytes);
  return { pollers, dollarsADay: pollers * POLLER_DOLLARS_AN_HOUR * 24 };
}
