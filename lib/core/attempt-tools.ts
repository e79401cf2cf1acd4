import type { BatchMetrics } from './batch-metrics.ts';
import type { Circuit } from './circuit/circuit.ts';
import type { EnginePorts, EngineSettings } from './engine-settings.ts';
import type { Processor } from './handler.ts';
import type { RequestRecords } from './request-records.ts';
import type { Shift } from './shift.ts';

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
}
