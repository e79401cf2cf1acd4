import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { Consumer, MessagesStreamModes, ProduceAcks, Producer } from '@platformatic/kafka';
import { createClient } from '@redis/client';
import { connect as connectAmqp } from 'amqplib';
import { KeyChains } from './key-chains.ts';

/** Two queues of a broker, by the names that its client has for them. */
export interface Queues {
  readonly url: URL;
  readonly input: string;
  readonly output: string;
}

/** What is done with a message before its outcome is published. */
export type Work = () => Promise<void>;

/**
 * Takes so many messages with the client of a broker alone, as its documentation does it: one consumer, which runs the messages
 * of a key one after another, publishes an outcome with the same key for each, and acknowledges it.
 */
export type BareClient = (queues: Queues, count: number, work: Work) => Promise<void>;

/** Most messages in the memory of a client. */
const PREFETCH = 1_000;

/** The bare clients by the names of their brokers. */
export const BARE_CLIENTS: Readonly<Record<string, BareClient>> = {
  async RabbitMQ({ url, input, output }, count, work) {
    const model = await connectAmqp({ hostname: url.hostname, port: Number(url.port) }, { noDelay: true });
    const [channel, publisher] = [await model.createChannel(), await model.createConfirmChannel()];
    const chains = new KeyChains(count);
    await channel.prefetch(PREFETCH);
    await channel.consume(input, (raw) => {
      if (!raw) return;
      const key = String(raw.properties.headers?.OrderingKey);
      chains.add(key, async () => {
        await work();
        await new Promise<void>((resolve, reject) => {
          publisher.sendToQueue(output, raw.content, { headers: { OrderingKey: key } }, (error) =>
            error ? reject(error) : resolve(),
          );
        });
        channel.ack(raw);
      });
    });
    await chains.ended;
    await channel.close();
    await model.close();
  },

  async NATS({ url, input, output }, count, work) {
    const connection = await connectNats({ port: Number(url.port) });
    const client = jetstream(connection);
    const consumer = await client.consumers.get(input, 'bare');
    const messages = await consumer.consume({ max_messages: PREFETCH });
    const chains = new KeyChains(count);
    void (async () => {
      for await (const message of messages) {
        chains.add(message.headers?.get('OrderingKey') ?? '', async () => {
          await work();
          await client.publish(output, message.data);
          message.ack();
        });
      }
    })();
    await chains.ended;
    messages.stop();
    await connection.flush();
    await connection.close();
  },

  async Kafka({ url, input, output }, count, work) {
    const client = { clientId: 'bare', bootstrapBrokers: [url.host] };
    const consumer = new Consumer({ ...client, groupId: `bare-${input}` });
    const producer = new Producer(client);
    const mode = MessagesStreamModes.EARLIEST;
    const stream = await consumer.consume({ topics: [input], mode, autocommit: false, maxWaitTime: 100 });
    const chains = new KeyChains(count);
    void (async () => {
      for await (const { key, value } of stream) {
        chains.add(String(key), async () => {
          await work();
          await producer.send({ acks: ProduceAcks.ALL, messages: [{ topic: output, key, value }] });
        });
      }
    })();
    await chains.ended;
    await stream.close();
    await consumer.close(true);
    await producer.close(true);
  },

  async Valkey({ url, input, output }, count, work) {
    const socket = { host: url.hostname, port: Number(url.port) };
    const [reader, client] = [createClient({ socket }), createClient({ socket })];
    await Promise.all([reader.connect(), client.connect()]);
    await client.xGroupCreate(input, 'bare', '0');
    const chains = new KeyChains(count);
    while (chains.left > 0) {
      const from = [{ key: input, id: '>' }];
      const replies = await reader.xReadGroup('bare', 'one', from, { COUNT: 100, BLOCK: 100 });
      if (!Array.isArray(replies)) continue;
      for (const { id, message } of replies.flatMap(entriesOf)) {
        chains.add(message.OrderingKey ?? '', async () => {
          await work();
          await client.xAdd(output, '*', message);
          await Promise.all([client.xAck(input, 'bare', id), client.xDel(input, id)]);
        });
      }
      // What is in memory is worked on while nothing more may come.
      while (chains.waiting > PREFETCH) await sleep(1);
    }
    await chains.ended;
    await Promise.all([reader.close(), client.close()]);
  },
};

interface Entry {
  readonly id: string;
  readonly message: Record<string, string>;
}

function entriesOf(reply: unknown): readonly Entry[] {
  return typeof reply === 'object' && reply !== null && 'messages' in reply
    ? (reply.messages as Entry[])
    : [];
}
