/** The loop that a careful program writes itself: work, publish, wait for the confirmation, commit. */
import {
  Consumer,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  ProduceAcks,
  Producer,
} from '@platformatic/kafka';
import { CONCURRENCY, QUEUES, runJob, VARIABLES } from '../../job.ts';

const { host, searchParams } = new URL(process.env[VARIABLES.url] ?? '');
const connection = { clientId: 'loop', bootstrapBrokers: [host] };
const producer = new Producer({ ...connection, acks: ProduceAcks.ALL });
const consumer = new Consumer({
  ...connection,
  groupId: searchParams.get('group') ?? '',
  sessionTimeout: Number(searchParams.get('session')) * 1_000,
});
const messages = await consumer.consume({
  topics: [QUEUES.input],
  mode: MessagesStreamModes.COMMITTED,
  fallbackMode: MessagesStreamFallbackModes.EARLIEST,
  autocommit: false,
});
/** One after another in each partition, since a commit says that all before it are done. */
const last = new Map<number, Promise<void>>();
const running = new Set<Promise<void>>();
for await (const message of messages) {
  const handle = async () => {
    const result = await runJob(JSON.parse(String(message.value)).job);
    const value = Buffer.from(JSON.stringify(result));
    await producer.send({ messages: [{ topic: QUEUES.output, value }] });
    await message.commit();
  };
  const before = last.get(message.partition) ?? Promise.resolve();
  // Its supervisor starts it again, and what isn't committed comes back.
  const done = before.then(handle).catch(() => process.exit(1));
  last.set(message.partition, done);
  running.add(done);
  void done.then(() => running.delete(done));
  if (running.size >= CONCURRENCY) await Promise.race(running);
}
process.exit(1);
