import { join } from 'node:path';
import { QUEUES, VARIABLES } from '../../job.ts';
import { startKafkaQueues } from '../../queues/kafka.ts';
import type { System } from '../../system.ts';
import { bareLoop } from '../bare-loop.ts';

export const BARE_KAFKA: System = {
  name: 'a loop with @platformatic/kafka, Kafka',
  isPromised: false,
  async open() {
    const queues = await startKafkaQueues('loop');
    return bareLoop(queues, join(import.meta.dirname, 'worker.ts'), {
      [VARIABLES.url]: queues.urlOf(QUEUES.input),
    });
  },
};
