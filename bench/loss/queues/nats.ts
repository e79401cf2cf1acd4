import { jetstream, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { findNatsServer, startNatsServer } from '../../../test/support/brokers/nats-server.ts';
import { QUEUES } from '../job.ts';
import type { Queues } from './queues.ts';

/** @param subject of a queue, if it isn't its name */
export async function startNatsQueues(
  subject: (queue: string, id: string) => string = (queue) => queue,
): Promise<Queues> {
  const { server, port } = await startNatsServer(await findNatsServer());
  const connection = await connect({ port, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  const manager = await jetstreamManager(connection);
  const js = jetstream(connection);
  const read: string[] = [];
  for (const queue of Object.values(QUEUES)) {
    const subjects = [queue, `${queue}.>`];
    const retention = queue === QUEUES.input ? RetentionPolicy.Workqueue : RetentionPolicy.Limits;
    await manager.streams.add({ name: queue, subjects, retention });
  }
  return {
    broker: server,
    urlOf: (queue) => `nats://127.0.0.1:${port}?stream=${queue}&subject=${queue}`,
    submit: async ({ id, body }) => {
      const options = { msgID: id, headers: headers(), timeout: 2_000, retries: 0 };
      await js.publish(subject(QUEUES.input, id), body, options);
    },
    published: async () => {
      read.push(...(await bodiesIn(QUEUES.output, read.length + 1)));
      return read;
    },
    unsettled: () => bodiesIn(QUEUES.input, 1),
    [Symbol.asyncDispose]: async () => {
      await connection.close();
      await server[Symbol.asyncDispose]();
    },
  };

  /** Reads a stream on a connection of its own: the server may have just been started. */
  async function bodiesIn(stream: string, from: number): Promise<string[]> {
    const connection = await connect({ port });
    const manager = await jetstreamManager(connection);
    const { state } = await manager.streams.info(stream);
    const bodies: string[] = [];
    // Message by message, since a work queue allows no second consumer.
    for (let seq = Math.max(from, state.first_seq); state.messages > 0 && seq <= state.last_seq; seq++) {
      const message = await manager.streams.getMessage(stream, { seq });
      if (message) bodies.push(message.string());
    }
    await connection.close();
    return bodies;
  }
}
