import type { Logger, Metrics } from '../core/ports/telemetry.ts';
import type { Processor } from '../core/processor/handler.ts';
import type { WebhookEndpoints } from '../core/webhooks/endpoints.ts';
import type { StoredServiceSettings } from './settings.ts';
import type { Storage } from './storage.ts';
import type { TakerDesk } from './takers/taker-desk.ts';
import type { TopicProcessors } from './topic-processors.ts';

/** The parts of a service. */
export interface ServiceParts {
  readonly storage: Storage;
  readonly settings: StoredServiceSettings;
  /** Absent where another process runs the requests. */
  readonly processor: Processor | undefined;
  /** The processors by their topics; absent if there is one for all, or none in this process. */
  readonly byTopic?: TopicProcessors;
  /** Sign webhooks; absent where there are none. */
  readonly webhookSecrets: readonly string[] | undefined;
  /** Absent where there are none. */
  readonly webhookEndpoints?: WebhookEndpoints;
  /** Whether outcomes are queued for consumers. */
  readonly hasOutput: boolean;
  readonly graceSeconds: number;
  readonly logger: Logger;
  /** Where other processes take the requests, if they do so by the API. The processor is the desk's. */
  readonly takers?: TakerDesk;
  /** Gets the figures of the processor. */
  readonly metrics?: Metrics;
}
