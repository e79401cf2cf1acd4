/** The loop that a careful program writes itself: work, publish, wait for the confirm, acknowledge. */
import { connect } from 'amqplib';
import { CONCURRENCY, QUEUES, runJob, VARIABLES } from '../../job.ts';

const connection = await connect(process.env[VARIABLES.url] ?? '');
connection.on('error', () => {});
// Its supervisor starts it again.
connection.on('close', () => process.exit(1));
const channel = await connection.createConfirmChannel();
await channel.prefetch(CONCURRENCY);
await channel.consume(QUEUES.input, async (message) => {
  if (!message) process.exit(1);
  const result = await runJob(JSON.parse(message.content.toString()).job);
  const body = Buffer.from(JSON.stringify(result));
  channel.sendToQueue(QUEUES.output, body, { persistent: true }, (error) => {
    if (error) process.exit(1);
    channel.ack(message);
  });
});
