import { join } from 'node:path';
import { VARIABLES } from '../../job.ts';
import { startRabbitMqQueues } from '../../queues/rabbitmq.ts';
import type { System } from '../../system.ts';
import { bareLoop } from '../bare-loop.ts';

export const BARE_AMQPLIB: System = {
  name: 'a loop with amqplib, RabbitMQ',
  isPromised: false,
  async open() {
    const queues = await startRabbitMqQueues();
    return bareLoop(queues, join(import.meta.dirname, 'worker.ts'), {
      [VARIABLES.url]: queues.urlOf('').replace(/\?.*/, ''),
    });
  },
};
