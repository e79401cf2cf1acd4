import {
  Consumer,
  ListOffsetTimestamps,
  type Message,
  MessagesStreamModes,
  ProduceAcks,
  Producer,
} from '@platformatic/kafka';
import { findKafka, startKafka } from '../../../test/support/brokers/kafka-server.ts';
import { QUEUES } from '../job.ts';
import type { Queues } from './queues.ts';

/** Partitions of each topic. */
const PARTITIONS = Array.from({ length: 10 }, (_, index) => index);

/** How soon the partitions of a killed worker go to the next one: the soonest that a server allows by default. */
const SESSION_SECONDS = 6;

/** Where messages of a worker that delays them wait. */
const RETRIES = `${QUEUES.input}.retry`;

/** Topics with one replica. @param group the consumer group that reads the input */
export async function startKafkaQueues(group: string): Promise<Queues> {
  const server = await startKafka(await findKafka());
  const address = `127.0.0.1:${server.port}`;
  const connection = { clientId: 'loss', bootstrapBrokers: [address] };
  const topics = [...Object.values(QUEUES), RETRIES];
  await server.createTopics(...topics.map((name) => ({ name, partitions: PARTITIONS.length })));
  const read: string[] = [];
  const next = PARTITIONS.map(() => 0n);
  let producer: Producer | undefined;

  return {
    broker: server.server,
    urlOf: (queue) => {
      const input = queue === QUEUES.input ? `&group=${group}&session=${SESSION_SECONDS}` : '';
      return `kafka://${address}?topic=${queue}${input}`;
    },
    submit: async ({ id, body }) => {
      producer ??= new Producer({ ...connection, acks: ProduceAcks.ALL, retries: 0 });
      const current = producer;
      const headers = new Map([[Buffer.from('RequestId'), Buffer.from(id)]]);
      try {
        await current.send({
          messages: [{ topic: QUEUES.input, key: Buffer.from(id), value: Buffer.from(body), headers }],
        });
      } catch (error) {
        if (producer === current) producer = undefined;
        await current.close(true);
        throw error;
      }
    },
    published: async () => {
      for (const { partition, offset, value } of await messagesFrom(QUEUES.output, next)) {
        next[partition] = offset + 1n;
        read.push(String(value));
      }
      return read;
    },
    unsettled: async () => {
      const messages = [
        ...(await messagesFrom(RETRIES, await committed(RETRIES))),
        ...(await messagesFrom(QUEUES.input, await committed(QUEUES.input))),
      ];
      return messages.map(({ value }) => String(value));
    },
    [Symbol.asyncDispose]: async () => {
      await producer?.close(true);
      await server[Symbol.asyncDispose]();
    },
  };

  /** The messages of a topic from these offsets of its partitions on, until now. */
  async function messagesFrom(
    topic: string,
    starts: readonly bigint[],
  ): Promise<Message<Buffer, Buffer, Buffer, Buffer>[]> {
    const consumer = new Consumer({ ...connection, groupId: `reader-${crypto.randomUUID()}` });
    try {
      const timestamp = ListOffsetTimestamps.LATEST;
      const partitions = { [topic]: PARTITIONS };
      const ends = (await consumer.listOffsets({ topics: [topic], partitions, timestamp })).get(topic) ?? [];
      const isBeforeEnd = (partition: number, offset: bigint) => offset < (ends[partition] ?? 0n);
      const offsets = starts.map((offset, partition) => ({ topic, partition, offset }));
      const unread = new Set(
        PARTITIONS.filter((partition) => isBeforeEnd(partition, starts[partition] ?? 0n)),
      );
      const messages: Message<Buffer, Buffer, Buffer, Buffer>[] = [];
      if (unread.size === 0) return messages;
      const mode = MessagesStreamModes.MANUAL;
      const stream = await consumer.consume({ topics: [topic], mode, offsets, autocommit: false });
      for await (const message of stream) {
        messages.push(message);
        if (!isBeforeEnd(message.partition, message.offset + 1n)) unread.delete(message.partition);
        if (unread.size === 0) break;
      }
      return messages;
    } finally {
      await consumer.close(true);
    }
  }

  /** The offsets that the group has committed. */
  async function committed(topic: string): Promise<bigint[]> {
    const consumer = new Consumer({ ...connection, groupId: group });
    try {
      const offsets = await consumer.listCommittedOffsets({ topics: [{ topic, partitions: PARTITIONS }] });
      // -1 before the first one.
      return PARTITIONS.map((partition) => {
        const offset = offsets.get(topic)?.[partition] ?? -1n;
        return offset < 0n ? 0n : offset;
      });
    } finally {
      await consumer.close(true);
    }
  }
}
