import type { CoatcheckClient } from '../../client/index.ts';
import { ifAvailable } from '../../console/view/problem.ts';
import { MAX_ACTIVITY_HOURS } from '../../core/ports/activity-log.ts';
import { functionHost } from '../../planner/service-host.ts';
import { type Arrivals, trafficOf } from '../../planner/traffic.ts';
import type { Measured } from './options.ts';

/** What a service measured of its traffic in the last hours and in the last minute, with its settings. */
export interface MeasuredService extends Measured {
  readonly arrivals?: Arrivals;
}

/** Asks a service for what `plan` needs. @throws ApiError with the code `operator_required` */
export async function measure(client: CoatcheckClient, signal: AbortSignal): Promise<MeasuredService> {
  const [status, activity, settings] = await Promise.all([
    client.serviceStatus({ signal }),
    ifAvailable(() => client.activity({ hours: MAX_ACTIVITY_HOURS, signal })),
    ifAvailable(() => client.settings({ signal })),
  ]);
  const { arrivals, serviceSeconds, attempts, unknown } = trafficOf(activity, status.work);
  const { memoryMiB, batchSize, concurrency, maxConcurrency, pollers } = functionHost(settings ?? []) ?? {};
  return {
    arrivals,
    options: {
      rate: arrivals?.peakPerSecond,
      serviceTime: serviceSeconds,
      attempts,
      memory: memoryMiB,
      batchSize,
      concurrency,
      maxConcurrency,
      pollers,
    },
    unknown: {
      rate: unknown.arrivals,
      serviceTime: unknown.serviceSeconds,
      attempts: unknown.attempts,
      payload: 'a service measures no sizes of payloads',
    },
  };
}
