import type { Clock, Random } from '../ports/clock.ts';
import type { EventBus, OutputQueue } from '../ports/message-sink.ts';
import type { PauseRequests } from '../ports/pausing.ts';
import type { PayloadStore } from '../ports/payload-store.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { LoadLog, Logger, Metrics } from '../ports/telemetry.ts';
import type { MessageSource } from './attempt-tracing.ts';

/** What the engine reaches the world through. */
export interface EnginePorts {
  readonly store: PayloadStore;
  readonly records: RecordStore;
  readonly output: OutputQueue;
  /** The webhook queue, if the service has webhooks. */
  readonly webhooks?: OutputQueue;
  /** Asked to keep messages away while what every request needs is down; absent where nothing can. */
  readonly pauses?: PauseRequests;
  /** Where what is done is counted, if it is. */
  readonly load?: LoadLog;
  /** Where figures go, if anywhere. */
  readonly metrics?: Metrics;
  /** Where failures are told besides, if anywhere. */
  readonly failureBus?: EventBus;
  /** What the spans of attempts name as the source of messages. */
  readonly source?: MessageSource;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}
