/** The loop that a careful program writes itself: work, publish, wait for the confirmation, acknowledge. */
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { CONCURRENCY, QUEUES, runJob, VARIABLES } from '../../job.ts';

const connection = await connect({ servers: process.env[VARIABLES.url], maxReconnectAttempts: -1 });
const js = jetstream(connection);
const consumer = await js.consumers.get(QUEUES.input, 'loop');
const messages = await consumer.consume({ max_messages: CONCURRENCY });
const running = new Set<Promise<void>>();
for await (const message of messages) {
  const run = (async () => {
    const result = await runJob(message.json<{ job: number }>().job);
    await js.publish(QUEUES.output, JSON.stringify(result));
    message.ack();
  })().catch((error) => console.error('The message comes back', error));
  const done = run.finally(() => running.delete(done));
  running.add(done);
  if (running.size >= CONCURRENCY) await Promise.race(running);
}
process.exit(1);
