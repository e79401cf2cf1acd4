import { join } from 'node:path';
import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { QUEUES, VARIABLES } from '../../job.ts';
import { startNatsQueues } from '../../queues/nats.ts';
import type { System } from '../../system.ts';
import { bareLoop } from '../bare-loop.ts';

export const BARE_NATS: System = {
  name: 'a loop with @nats-io/jetstream, NATS',
  isPromised: false,
  async open() {
    const queues = await startNatsQueues();
    const url = queues.urlOf('').replace(/\?.*/, '');
    const connection = await connect({ servers: url });
    const manager = await jetstreamManager(connection);
    await manager.consumers.add(QUEUES.input, { durable_name: 'loop', ack_policy: AckPolicy.Explicit });
    await connection.close();
    return bareLoop(queues, join(import.meta.dirname, 'worker.ts'), { [VARIABLES.url]: url });
  },
};
