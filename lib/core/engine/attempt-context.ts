import type { Semaphore } from '../base/semaphore.ts';
import type { EngineSettings } from '../config/engine-settings.ts';
import type { ReceivedMessage } from '../model/received-message.ts';
import type { Processor } from '../processor/handler.ts';
import type { RequestRecords } from '../records/request-records.ts';
import type { AttemptSpan } from './attempt-tracing.ts';
import type { BatchMetrics } from './batch-metrics.ts';
import type { Circuit } from './circuit-breaker.ts';
import type { Deadline } from './deadline.ts';
import type { EnginePorts } from './engine-ports.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { Limiter } from './limiter.ts';
import type { LoadMeter } from './load-meter.ts';
import type { OutcomePublisher } from './outcome-publisher.ts';

/** How far a request is. */
export interface AttemptCounts {
  /** The number of the attempt among those that count, from 1; undefined until the request is claimed. */
  readonly countedAttempt: number | undefined;
  /** Whether its handler has saved a checkpoint, in this attempt or an earlier one. */
  readonly hasCheckpoint: boolean;
}

/** The dependencies of an attempt. */
export interface AttemptContext {
  readonly processor: Processor;
  readonly settings: EngineSettings;
  readonly ports: EnginePorts;
  readonly records: RequestRecords;
  readonly deadline: Deadline;
  /** Notified of failures. */
  readonly circuit: Circuit;
  /** Absent if metrics are off. */
  readonly metrics: BatchMetrics | undefined;
  /** Absent if the load isn't measured. */
  readonly meter: LoadMeter | undefined;
  readonly span: AttemptSpan;
  /** The message of the request. */
  readonly message: ReceivedMessage;
  readonly publisher: OutcomePublisher;
  readonly leases: LeaseKeeper;
  /** Notified of requests that start. */
  readonly limiter: Limiter;
  /** How long the request waits after this attempt failed, in seconds. */
  readonly retrySeconds: (error: unknown, attempt: AttemptCounts) => number;
  /** Whether nothing of the attempt is kept. @default false */
  readonly isRehearsal?: true;
  /** Has one slot: see `TakeOverTurn`. */
  readonly takeOvers: Semaphore;
}
