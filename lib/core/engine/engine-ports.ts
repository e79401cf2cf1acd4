import type { Clock, Random } from '../ports/clock.ts';
import type { LimitStore } from '../ports/limit-store.ts';
import type { EventBus, OutputQueue } from '../ports/message-sink.ts';
import type { OperatorPauses, PauseRequests } from '../ports/pausing.ts';
import type { PayloadStore } from '../ports/payload-store.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { SecretSource } from '../ports/secrets.ts';
import type { LoadLog, Logger, Metrics } from '../ports/telemetry.ts';
import type { WebhookEndpointReader } from '../ports/webhooks.ts';
import type { MessageSource } from './attempt-tracing.ts';

/** The ports of the engine. */
export interface EnginePorts {
  readonly store: PayloadStore;
  readonly records: RecordStore;
  readonly output: OutputQueue;
  /** The webhook queue, if the service has webhooks. */
  readonly webhooks?: OutputQueue;
  /** The endpoints that get webhooks too, if the service has any. */
  readonly webhookEndpoints?: WebhookEndpointReader;
  /** Pauses the message source while a dependency of every request is down; absent if the source can't be paused. */
  readonly pauses?: PauseRequests;
  /** Says whether an operator has paused processing; absent if that stops the message source, or isn't possible. */
  readonly operatorPauses?: Pick<OperatorPauses, 'read'>;
  /** The states of limits, which all processes share. Needed where there are limits. */
  readonly limits?: LimitStore;
  /** Counts completed work; absent if load isn't measured. */
  readonly load?: LoadLog;
  /** Absent if metrics are off. */
  readonly metrics?: Metrics;
  /** Also receives failures; absent if there is no event bus. */
  readonly failureBus?: EventBus;
  /** Needed by a processor that names secrets. */
  readonly secrets?: SecretSource;
  /** The source of messages as the spans of attempts name it. */
  readonly source?: MessageSource;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}
