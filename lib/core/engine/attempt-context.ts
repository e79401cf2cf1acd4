import type { EngineSettings } from '../config/engine-settings.ts';
import type { Processor } from '../processor/handler.ts';
import type { RequestRecords } from '../records/request-records.ts';
import type { AttemptSpan } from './attempt-tracing.ts';
import type { BatchMetrics } from './batch-metrics.ts';
import type { Circuit } from './circuit-breaker.ts';
import type { Deadline } from './deadline.ts';
import type { EnginePorts } from './engine-ports.ts';
import type { LoadMeter } from './load-meter.ts';

/** What an attempt works with. */
export interface AttemptContext {
  readonly processor: Processor;
  readonly settings: EngineSettings;
  readonly ports: EnginePorts;
  readonly records: RequestRecords;
  readonly deadline: Deadline;
  /** Learns how attempts end. */
  readonly circuit: Circuit;
  /** Absent where figures go nowhere. */
  readonly metrics: BatchMetrics | undefined;
  /** Absent where the load isn't measured. */
  readonly meter: LoadMeter | undefined;
  readonly span: AttemptSpan;
}
