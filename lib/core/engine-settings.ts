import type { ProcessorEnvironment } from './environment.ts';
import type { Chance, InputQueue, Logger, OutputQueue, PayloadStore, RecordStore } from './ports.ts';

/** What the engine is told by its deployment: all but where its ports are. */
export type EngineSettings = Omit<
  ProcessorEnvironment,
  'inputQueueUrl' | 'outputQueueUrl' | 'payloadBucket' | 'requestTable'
>;

/** What the engine reaches the world through. */
export interface EnginePorts {
  readonly store: PayloadStore;
  readonly records: RecordStore;
  readonly output: OutputQueue;
  readonly input: InputQueue;
  readonly logger: Logger;
  readonly chance: Chance;
}
