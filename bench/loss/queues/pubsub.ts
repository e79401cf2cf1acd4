import { PROJECT, PubSubAdmin } from '../../../test/support/brokers/pubsub-admin.ts';
import { findPubSubServer, startPubSubServer } from '../../../test/support/brokers/pubsub-server.ts';
import { QUEUES } from '../job.ts';
import type { Queues } from './queues.ts';

/** Topics and subscriptions of Google's test server, which keeps messages in memory. */
export async function startPubSubQueues(): Promise<Queues> {
  const { server, port } = await startPubSubServer(await findPubSubServer());
  const admin = new PubSubAdmin(port);
  for (const queue of Object.values(QUEUES)) await admin.create(queue);
  const read: string[] = [];
  return {
    broker: undefined,
    variables: { PUBSUB_EMULATOR_HOST: `127.0.0.1:${port}` },
    urlOf: (queue) => `pubsub://${PROJECT}/${queue}`,
    submit: ({ id, body }) =>
      admin.publish(QUEUES.input, { data: Buffer.from(body), attributes: { RequestId: id } }),
    published: async () => {
      for (;;) {
        const messages = await admin.drain(QUEUES.output);
        if (messages.length === 0) return read;
        read.push(...messages.map(({ body }) => body));
      }
    },
    [Symbol.asyncDispose]: async () => {
      await admin[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
