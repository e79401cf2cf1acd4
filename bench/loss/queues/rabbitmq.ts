import { setTimeout as sleep } from 'node:timers/promises';
import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import { findRabbitMq, startRabbitMq } from '../../../test/support/brokers/rabbitmq-server.ts';
import { QUEUES } from '../job.ts';
import type { Queues } from './queues.ts';

/** Delay queues of a worker, the longest delays first: messages move on towards the input queue. */
const DELAY_QUEUES = Array.from({ length: 16 }, (_, exponent) => `${QUEUES.input}.delay.${15 - exponent}`);

/** How long to wait for messages that are in a queue. */
const READ_MILLISECONDS = 10_000;

/** What a quorum queue gives a consumer without a prefetch. */
const MOST_UNACKNOWLEDGED = 2_000;

/** Quorum queues, which lose nothing that was confirmed. */
export async function startRabbitMqQueues(): Promise<Queues> {
  const server = await startRabbitMq(await findRabbitMq());
  const url = `amqp://127.0.0.1:${server.port}`;
  const read: string[] = [];
  let connecting: Promise<ConfirmChannel> | undefined;

  const open = async (): Promise<ConfirmChannel> => {
    const connection = await connectTo(url);
    connection.on('close', () => {
      connecting = undefined;
    });
    return await connection.createConfirmChannel();
  };
  const channel = async () => {
    connecting ??= open();
    try {
      return await connecting;
    } catch (error) {
      connecting = undefined;
      throw error;
    }
  };
  const declaring = await connectTo(url);
  const declarations = await declaring.createChannel();
  for (const queue of Object.values(QUEUES)) {
    const args = { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 };
    await declarations.assertQueue(queue, { durable: true, arguments: args });
  }
  await declaring.close();

  return {
    broker: server.server,
    urlOf: (queue) => `${url}?queue=${queue}`,
    submit: async ({ id, body }) => {
      const sending = await channel();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const options = { persistent: true, messageId: id };
      sending.sendToQueue(QUEUES.input, Buffer.from(body), options, (error) => {
        if (error) reject(error);
        else resolve();
      });
      await promise;
    },
    published: async () => {
      await using reader = await openReader(url);
      for (const message of await reader.messagesIn(QUEUES.output)) {
        read.push(message.content.toString());
        reader.channel.ack(message);
      }
      return read;
    },
    unsettled: async () => {
      await using reader = await openReader(url);
      const bodies: string[] = [];
      for (const queue of [...DELAY_QUEUES, QUEUES.input]) {
        if (!(await exists(url, queue))) continue;
        for (const { content } of await reader.messagesIn(queue)) bodies.push(content.toString());
      }
      return bodies;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A connection whose loss shows in the calls that it breaks. */
async function connectTo(url: string): Promise<ChannelModel> {
  const connection = await connect(url, { noDelay: true });
  connection.on('error', () => {});
  return connection;
}

/**
 * Reads queues by a consumer. A `get` of a quorum queue takes a minute and then closes the connection after RabbitMQ 3.10
 * was killed. What isn't acknowledged goes back when the reader is disposed.
 */
async function openReader(url: string) {
  const connection = await connectTo(url);
  const channel = await connection.createChannel();
  return {
    channel,
    async messagesIn(queue: string): Promise<readonly ConsumeMessage[]> {
      const { messageCount } = await channel.checkQueue(queue);
      const messages: ConsumeMessage[] = [];
      // A consumer of a quorum queue gets some 2,000 messages, and no more until it acknowledges some.
      for (let before = -1; messages.length < messageCount && messages.length > before; ) {
        before = messages.length;
        const { promise, resolve } = Promise.withResolvers<void>();
        const { consumerTag } = await channel.consume(queue, (message) => {
          if (message) messages.push(message);
          const isFull = messages.length - before >= MOST_UNACKNOWLEDGED;
          if (!message || isFull || messages.length >= messageCount) resolve();
        });
        await Promise.race([promise, sleep(READ_MILLISECONDS, undefined, { ref: false })]);
        await channel.cancel(consumerTag);
      }
      return messages;
    },
    async [Symbol.asyncDispose]() {
      await channel.close();
      await connection.close();
    },
  };
}

/** Asks on a channel of its own, which the answer that there is none ends. */
async function exists(url: string, queue: string): Promise<boolean> {
  const connection = await connectTo(url);
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  const isThere = await channel.checkQueue(queue).then(
    () => true,
    () => false,
  );
  await connection.close();
  return isThere;
}
