import type { ProcessorEnvironment } from './environment.ts';
import type { Chance, InputQueue, Logger, OutputQueue, PayloadStore, RequestRecords } from './ports.ts';

/** What the engine is told by its deployment: all but where its ports are. */
export type EngineSettings = Omit<ProcessorEnvironment, 'inputQueueUrl' | 'outputQueueUrl' | 'payloadBucket'>;

/** What the engine reaches the world through. */
export interface EnginePorts {
  readonly store: PayloadStore;
  readonly output: OutputQueue;
  readonly input: InputQueue;
  readonly logger: Logger;
  readonly chance: Chance;
  /** Without records a duplicate is handled again; its outcome has the same id and its result the same key. */
  readonly records?: RequestRecords;
}
