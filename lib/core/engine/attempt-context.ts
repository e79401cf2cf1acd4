import type { Processor } from '../processor/handler.ts';
import type { RequestRecords } from '../records/request-records.ts';
import type { AttemptSpan } from './attempt-tracing.ts';
import type { BatchMetrics } from './batch-metrics.ts';
import type { Circuit } from './circuit-breaker.ts';
import type { Shift } from './deadline.ts';
import type { EnginePorts, EngineSettings } from './engine-settings.ts';

/** What an attempt works with. */
export interface AttemptTools {
  readonly processor: Processor;
  readonly settings: EngineSettings;
  readonly ports: EnginePorts;
  readonly records: RequestRecords;
  readonly shift: Shift;
  /** Told how attempts go. */
  readonly circuit: Circuit;
  /** Absent where nobody wants figures. */
  readonly metrics: BatchMetrics | undefined;
  /** What the attempt is traced by. */
  readonly span: AttemptSpan;
}
