import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Admin, Consumer, Producer } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { KAFKA } from '../../lib/brokers/kafka.ts';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';
import type { InputQueue } from '../../lib/core/ports/message-source.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { exerciseInputQueue } from '../conformance/input-queue-suite.ts';
import { exerciseOrderedQueue } from '../conformance/ordered-queue-suite.ts';
import { exerciseOutputQueue } from '../conformance/output-queue-suite.ts';
import { available } from '../support/brokers/available.ts';
import {
  adminOf,
  findKafka,
  type KafkaServer,
  type KafkaTopic,
  produceByJava,
  startKafka,
} from '../support/brokers/kafka-server.ts';
import { drain, HARD_MESSAGES, receiveOne, receiveSoon } from '../support/brokers/messages.ts';
import { collect, eventually } from '../support/eventually.ts';

const classPath = await available('Kafka', findKafka);

/** Seconds after which the server takes the partitions of a worker that is gone: longer than a busy machine holds one up. */
const SESSION_SECONDS = 6;

describe.runIf(classPath)('Kafka', () => {
  let kafka: KafkaServer;
  let admin: Admin;
  let producer: Producer;

  beforeAll(async () => {
    kafka = await startKafka(classPath ?? '');
    admin = adminOf(kafka.port);
    producer = newProducer();
  });
  afterAll(async () => {
    await admin.close();
    await producer.close(true);
    await kafka[Symbol.asyncDispose]();
  });

  const newProducer = () =>
    new Producer({
      clientId: 'test',
      bootstrapBrokers: [`127.0.0.1:${kafka.port}`],
      retries: 20,
      retryDelay: 200,
    });

  const logger = new CollectingLogger();

  const url = (parameters: string, at = kafka.port) => new URL(`kafka://127.0.0.1:${at}?${parameters}`);

  /** Creates a topic and the one for its retries. */
  async function createTopic({ partitions = 1, configs = {} }: Omit<KafkaTopic, 'name'> = {}) {
    const name = `topic-${crypto.randomUUID()}`;
    await kafka.createTopics({ name, partitions, configs }, { name: `${name}.retry` });
    return name;
  }

  const openInput = async (
    topic: string,
    { at = kafka.port, log = logger, sessionSeconds = SESSION_SECONDS, more = '' } = {},
  ) => {
    const queue = await KAFKA.openInput(url(`topic=${topic}&session=${sessionSeconds}${more}`, at), {
      maxInFlight: 100,
      maxAttempts: 5,
      logger: log,
    });
    onTestFinished(() => queue[Symbol.asyncDispose]());
    return queue;
  };

  const openOutput = async (topic: string, { at = kafka.port, log = logger } = {}) => {
    const queue = await KAFKA.openOutput(url(`topic=${topic}`, at), { logger: log });
    onTestFinished(() => queue[Symbol.asyncDispose]());
    return queue;
  };

  interface Sent {
    readonly key?: string;
    readonly value: string | Buffer | undefined;
    readonly headers?: readonly (readonly [name: string, value: string | Buffer])[];
    readonly timestamp?: bigint;
    readonly partition?: number;
  }

  async function publish(topic: string, ...records: readonly Sent[]) {
    await producer.send({
      acks: -1,
      messages: records.map(({ key, value, headers = [], ...rest }) => ({
        ...rest,
        topic,
        ...(key !== undefined && { key: Buffer.from(key) }),
        // The client writes undefined as null.
        value: value === undefined ? (undefined as never) : Buffer.from(value),
        headers: new Map(headers.map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
      })),
    });
  }

  /** Receives though the connection may be lost. */
  const receiveAgain = (queue: InputQueue) => receiveSoon(queue).catch(() => []);

  /** The committed offset of each partition of a topic; -1 without one. */
  async function committed(topic: string): Promise<bigint[]> {
    const [group] = await admin.listConsumerGroupOffsets({ groups: [`coatcheck.${topic}`] });
    const partitions = group?.topics.find(({ name }) => name === topic)?.partitions ?? [];
    const offsets: bigint[] = [];
    for (const { partitionIndex, committedOffset } of partitions) offsets[partitionIndex] = committedOffset;
    return offsets;
  }

  exerciseInputQueue(
    'an input queue of Kafka',
    async () => {
      const [name, letters] = [await createTopic(), await createTopic()];
      const dead = await KAFKA.openOutput(url(`topic=${letters}`), { logger });
      const options = { deadLetters: dead, maxInFlight: 100, maxAttempts: 5, logger };
      const open = () => KAFKA.openInput(url(`topic=${name}`), options);
      const deadInput = await KAFKA.openInput(url(`topic=${letters}`), options);
      let input = await open();
      return {
        send: (body, attributes = {}) => publish(name, { value: body, headers: Object.entries(attributes) }),
        receive: (max) => receiveSoon(input, max),
        reopen: async () => {
          await input[Symbol.asyncDispose]();
          input = await open();
        },
        deadLetters: () => drain(deadInput, 1),
        async [Symbol.asyncDispose]() {
          for (const each of [input, deadInput, dead]) await each[Symbol.asyncDispose]();
        },
      };
    },
    {
      ordered: false,
      countsDeliveries: false,
      redelivers: 'after disconnect',
      fencesReceipts: true,
      datesFirstDelivery: false,
      reopens: true,
      deadLetters: true,
    },
  );

  exerciseOrderedQueue('an input queue of Kafka with order', async () => {
    const name = `topic-${crypto.randomUUID()}`;
    // No topic for retries.
    await kafka.createTopics({ name });
    const options = { ordered: true, maxInFlight: 1_000, maxAttempts: 5, logger };
    return {
      send: (key, value) => publish(name, { key, value }),
      open: () => KAFKA.openInput(url(`topic=${name}&session=${SESSION_SECONDS}`), options),
    };
  });

  exerciseOutputQueue('an output queue of Kafka', async () => {
    const name = await createTopic({ partitions: 2 });
    const queue = await openOutput(name);
    const input = await openInput(name);
    return { queue, receive: (count) => drain(input, count) };
  });

  describe('a message', () => {
    test('carries bytes, a content type, types, and a CloudEvent in binary mode', async () => {
      const name = await createTopic();
      const queue = await openOutput(name);
      expect(await queue.send(HARD_MESSAGES)).toEqual(HARD_MESSAGES.map(() => ({ sent: true })));
      expect(await drain(await openInput(name), 3)).toEqual(HARD_MESSAGES);
    });

    test('goes to the topic of Kafka that its topic names, if the output says so', async () => {
      const name = await createTopic();
      const topics = ['_', 'images.small', 'reports'].map((topic) => `${name}.${topic}`);
      for (const topic of topics) await kafka.createTopics({ name: topic }, { name: `${topic}.retry` });
      const queue = await openOutput(`${name}.{topic}`);
      const about = (body: string, topic?: string) => ({
        body,
        attributes: {},
        labels: { ...(topic !== undefined && { Topic: { type: 'String', value: topic } }) },
      });
      const messages = [about('1', 'images.small'), about('2'), about('3', 'reports'), about('4', 'missing')];
      const results = await queue.send(messages);
      expect(results.slice(0, 3)).toEqual([{ sent: true }, { sent: true }, { sent: true }]);
      expect(results[3]).toMatchObject({ sent: false, refused: false });
      for (const [place, body] of [
        [0, '2'],
        [1, '1'],
        [2, '3'],
      ] as const) {
        const [message] = await drain(await openInput(topics[place] ?? ''), 1);
        expect(message?.body).toBe(body);
      }
    });

    test('of another sender: headers that are bytes or repeated, a tombstone, an old time', async () => {
      const name = await createTopic();
      const input = await openInput(name);
      await publish(name, {
        key: 'k',
        value: Buffer.from([0xff]),
        headers: [
          ['blob', Buffer.from([0xfe])],
          ['tag', 'a'],
          ['tag', 'b'],
        ],
      });
      await publish(name, { key: 'k', value: undefined, timestamp: 1_000_000_000_000n });
      const [bytes, tombstone] = await collect(2, () => receiveSoon(input));
      expect(bytes).toMatchObject({
        body: '',
        bytes: new Uint8Array([0xff]),
        attributes: { tag: 'b' },
        typedAttributes: { blob: { type: 'Binary', value: new Uint8Array([0xfe]) } },
      });
      expect(tombstone).toMatchObject({
        id: `${name}:0:1:1000000000000`,
        body: '',
        attributes: {},
        sentAt: 1_000_000_000_000,
      });
      expect(tombstone).not.toHaveProperty('bytes');
      await tombstone?.retryAfter(1);
      expect(await receiveOne(input)).toMatchObject({
        id: tombstone?.id,
        body: '',
        sentAt: tombstone?.sentAt,
      });
    });

    test('was sent when the server stored it, where the topic says so', async () => {
      const name = await createTopic({ configs: { 'message.timestamp.type': 'LogAppendTime' } });
      const before = Date.now();
      await publish(name, { value: '1', timestamp: 1_000_000_000_000n });
      const { sentAt } = await receiveOne(await openInput(name));
      expect(sentAt).toBeGreaterThanOrEqual(before - 1_000);
    });

    test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
      'may be compressed with %s',
      async (compression) => {
        const name = await createTopic();
        const body = 'compressible '.repeat(1_000);
        await producer.send({ acks: -1, compression, messages: [{ topic: name, value: Buffer.from(body) }] });
        expect(await receiveOne(await openInput(name))).toMatchObject({ body });
      },
    );

    test('with a key of its sender keeps it and all headers in the topic of retries', async () => {
      const name = await createTopic();
      const input = await openInput(name);
      const headers = [
        ['tag', 'a'],
        ['tag', 'b'],
      ] as const;
      await publish(name, { key: 'order-1', value: '1', headers });
      await (await receiveOne(input)).retryAfter(60);
      const copies = await fetchAll(`${name}.retry`);
      expect(copies).toHaveLength(1);
      expect(copies[0]?.key?.toString()).toBe('order-1');
      expect(copies[0]?.headers.slice(0, 2).map(([key, text]) => [String(key), String(text)])).toEqual(
        headers,
      );
    });

    test('is in the partition of its key that Kafka’s own client chooses', async () => {
      const name = await createTopic({ partitions: 12 });
      const input = await openInput(name);
      const output = await openOutput(name);
      const keys = Array.from({ length: 24 }, (_, index) => `order-${index}`);
      const sent = await output.send(keys.map((group) => ({ body: group, group, attributes: {} })));
      expect(sent.every((result) => result.sent)).toBe(true);
      await produceByJava(`127.0.0.1:${kafka.port}`, classPath ?? '', name, keys);
      const received = await collect(2 * keys.length, () => receiveSoon(input));
      const partitionsOf = (key: string) =>
        new Set(received.filter(({ body }) => body === key).map(({ id }) => id.split(':')[1]));
      expect(keys.map((key) => [key, partitionsOf(key).size])).toEqual(keys.map((key) => [key, 1]));
    });

    test.each(['ce_id', 'content-type', 'coatcheck-types', 'coatcheck-retry-id'])(
      'is refused with an attribute %s',
      async (attribute) => {
        const queue = await openOutput(await createTopic());
        const fine = { body: '1', attributes: {} };
        const wrong = { body: '1', attributes: { [attribute]: { type: 'String', value: 'a' } } };
        expect(await queue.send([wrong, fine])).toMatchObject([
          { sent: false, refused: true },
          { sent: true },
        ]);
      },
    );

    test('of a transaction that was aborted is not delivered', async () => {
      const name = await createTopic();
      const input = await openInput(name);
      const transactional = new Producer({
        clientId: 'test',
        bootstrapBrokers: [`127.0.0.1:${kafka.port}`],
        idempotent: true,
        transactionalId: name,
      });
      onTestFinished(() => transactional.close(true));
      for (const [value, end] of [
        ['aborted 1', 'abort'],
        ['aborted 2', 'abort'],
        ['committed', 'commit'],
      ] as const) {
        const transaction = await transactional.beginTransaction();
        await transaction.send({ messages: [{ topic: name, value: Buffer.from(value) }] });
        await transaction[end]();
      }
      await publish(name, { value: 'plain' });
      const received = await collect(2, () => receiveSoon(input));
      expect(received.map(({ body }) => body)).toEqual(['committed', 'plain']);
      await Promise.all(received.map((message) => message.ack()));
      // Three records, three ends of transactions, and one more record.
      await eventually(async () => expect(await committed(name)).toEqual([7n]));
    });
  });

  test('messages behind an open transaction are delivered when it has ended', async () => {
    const name = await createTopic();
    const input = await openInput(name);
    const transactional = new Producer({
      clientId: 'test',
      bootstrapBrokers: [`127.0.0.1:${kafka.port}`],
      idempotent: true,
      transactionalId: name,
    });
    onTestFinished(() => transactional.close(true));
    const transaction = await transactional.beginTransaction();
    await transaction.send({ messages: [{ topic: name, value: Buffer.from('first') }] });
    await publish(name, { value: 'second' });
    expect(await input.receive(1, AbortSignal.timeout(1_000))).toEqual([]);
    await transaction.commit();
    const received = await collect(2, () => receiveSoon(input));
    expect(received.map(({ body }) => body)).toEqual(['first', 'second']);
  });

  /** Reads a topic from its start, by the client alone. */
  async function fetchAll(topic: string) {
    const consumer = new Consumer({
      clientId: 'test',
      bootstrapBrokers: [`127.0.0.1:${kafka.port}`],
      groupId: `reader-${crypto.randomUUID()}`,
    });
    try {
      consumer.topics.track(topic);
      const { topics } = await consumer.metadata({ topics: [topic] });
      const partition = { partition: 0, fetchOffset: 0n, partitionMaxBytes: 1e6 };
      const { responses } = await consumer.fetch({
        node: 1,
        topics: [
          {
            topicId: topics.get(topic)?.id ?? '',
            partitions: [{ ...partition, currentLeaderEpoch: -1, lastFetchedEpoch: -1 }],
          },
        ],
      });
      return responses.flatMap(({ partitions }) =>
        partitions.flatMap(({ records }) => records?.flatMap((batch) => batch.records) ?? []),
      );
    } finally {
      await consumer.close(true);
    }
  }

  describe('the size of a message', () => {
    test('is limited by the topic', async () => {
      const name = await createTopic({ configs: { 'max.message.bytes': '2000' } });
      const queue = await openOutput(name);
      expect(queue).toMatchObject({ maxBytes: 2_000, maxMessageBytes: 2_000 });
      const input = await openInput(name);
      expect(input.capabilities.maxBytes).toBe(2_000);
    });

    test('one that the server refuses does not hold up the others of its call', async () => {
      const name = await createTopic();
      const queue = await openOutput(name);
      await admin.incrementalAlterConfigs({
        resources: [
          {
            resourceType: 2,
            resourceName: name,
            configs: [{ name: 'max.message.bytes', value: '1000', configOperation: 0 }],
          },
        ],
      });
      const bodies = ['a', 'x'.repeat(2_000), 'b'];
      const results = await queue.send(bodies.map((body) => ({ body, attributes: {} })));
      expect(results).toMatchObject([{ sent: true }, { sent: false, refused: true }, { sent: true }]);
    });
  });

  describe('opening', () => {
    test('names the command that creates a missing topic', async () => {
      const name = `missing-${crypto.randomUUID()}`;
      const command = `kafka-topics.sh --bootstrap-server 127.0.0.1:${kafka.port} --create --topic`;
      await expect(openOutput(name)).rejects.toThrow(
        `There is no topic ${name}. Create it: ${command} ${name} --partitions 12 --replication-factor 1`,
      );
      await kafka.createTopics({ name, partitions: 3 });
      await expect(openInput(name)).rejects.toThrow(
        `There is no topic ${name}.retry. Create it: ${command} ${name}.retry --partitions 3 --replication-factor 1`,
      );
    });

    test('refuses to read a compacted topic', async () => {
      const name = await createTopic({ configs: { 'cleanup.policy': 'compact' } });
      await expect(openInput(name)).rejects.toThrow('cleanup.policy with compact');
    });

    test('refuses a group that reads another topic', async () => {
      const [name, other] = [await createTopic(), await createTopic()];
      const more = `&group=shared-${name}`;
      await openInput(name, { more });
      await openInput(name, { more });
      await expect(openInput(other, { more })).rejects.toThrow(
        `has members that read ${name}, ${name}.retry, not`,
      );
    });

    test('refuses a session that the server does not allow, and a group of another program', async () => {
      const name = await createTopic();
      await expect(openInput(name, { sessionSeconds: 700 })).rejects.toThrow('Change the parameter session');
      const consumer = new Consumer({
        clientId: 'test',
        bootstrapBrokers: [`127.0.0.1:${kafka.port}`],
        groupId: `coatcheck.${name}`,
        protocols: [{ name: 'roundrobin', version: 1 }],
      });
      onTestFinished(() => consumer.close(true));
      consumer.topics.trackAll(name, `${name}.retry`);
      await consumer.joinGroup({});
      await expect(openInput(name)).rejects.toThrow('choose another group');
    });

    test('says what the topic can lose, and bounds delays by the retention of the topic of retries', async () => {
      const name = `topic-${crypto.randomUUID()}`;
      await kafka.createTopics(
        { name, configs: { 'retention.bytes': '1000000' } },
        { name: `${name}.again`, configs: { 'retention.ms': '60000' } },
      );
      const log = new CollectingLogger();
      const input = await openInput(name, { log, more: `&retry=${name}.again` });
      expect(input.capabilities.maxDelaySeconds).toBe(30);
      const [first] = log.lines;
      expect(first).toMatchObject({ level: 'warn', message: expect.stringContaining(name) });
      expect(JSON.stringify(first?.fields)).toMatch(/1 replica.*retention\.bytes.*deleted after 604800 s/);
    });

    test('needs the right login, which errors do not show', async () => {
      const name = await createTopic();
      const { user, password } = kafka.login;
      const open = (login: string, more = '') =>
        KAFKA.openOutput(new URL(`kafka://${login}127.0.0.1:${kafka.loginPort}?topic=${name}${more}`), {
          logger,
        });
      for (const mechanism of ['plain', 'scram-sha-512']) {
        const sasl = `&sasl=${mechanism}`;
        await using queue = await open(`${user}:${encodeURIComponent(password)}@`, sasl);
        expect(await queue.send([{ body: '1', attributes: {} }])).toEqual([{ sent: true }]);
        const error = await open(`${user}:wrong-one@`, sasl).catch((reason) => reason);
        expect(error).toMatchObject({ code: 'configuration_invalid' });
        expect(error.message).toContain(`refuses the user ${user}`);
        expect(error.message).not.toContain('wrong-one');
      }
    });
  });

  describe('offsets', () => {
    test('are committed up to the first message that is not settled', async () => {
      const name = await createTopic();
      const input = await openInput(name);
      await publish(name, { value: '0' }, { value: '1' }, { value: '2' });
      const [first, second, third] = await collect(3, () => receiveSoon(input));
      await third?.ack();
      await second?.ack();
      expect(await committed(name)).not.toEqual([3n]);
      await first?.ack();
      await eventually(async () => expect(await committed(name)).toEqual([3n]));
    });

    test('never go back while partitions move between workers, and nothing is lost', async () => {
      const count = 400;
      const name = await createTopic({ partitions: 4 });
      const done = new Map<string, number>();
      const stop = new AbortController();
      onTestFinished(() => stop.abort());
      const work = async () => {
        const queue = await KAFKA.openInput(url(`topic=${name}&session=${SESSION_SECONDS}`), {
          maxInFlight: 20,
          maxAttempts: 5,
          logger,
        });
        const working = (async () => {
          while (!stop.signal.aborted) {
            for (const message of await queue.receive(
              5,
              AbortSignal.any([stop.signal, AbortSignal.timeout(50)]),
            )) {
              done.set(message.body, (done.get(message.body) ?? 0) + 1);
              await message.ack().catch(() => {});
            }
          }
        })();
        working.catch(() => {});
        return { queue, working };
      };
      const seen: bigint[][] = [];
      const watching = (async () => {
        while (!stop.signal.aborted) seen.push(await committed(name));
      })();
      const first = await work();
      const sending = (async () => {
        for (let nth = 0; nth < count; nth++) await publish(name, { value: `${nth}`, partition: nth % 4 });
      })();
      const second = await work();
      await sending;
      await eventually(() => expect(done.size).toBe(count));
      const third = await work();
      await second.queue[Symbol.asyncDispose]();
      await publish(
        name,
        ...Array.from({ length: 4 }, (_, partition) => ({ value: `last ${partition}`, partition })),
      );
      await eventually(() => expect(done.size).toBe(count + 4));
      await eventually(async () => expect(await committed(name)).toEqual([101n, 101n, 101n, 101n]));
      stop.abort();
      for (const { queue, working } of [first, third]) {
        await working.catch(() => {});
        await queue[Symbol.asyncDispose]();
      }
      await watching;
      for (const partition of [0, 1, 2, 3]) {
        const offsets = seen.map((each) => each[partition] ?? -1n);
        expect(offsets).toEqual(offsets.toSorted((a, b) => Number(a - b)));
      }
    });

    test('are not committed by a worker that has lost its partition', async () => {
      const name = await createTopic();
      const slow = await openInput(name, { at: kafka.proxy.port });
      await publish(name, { value: '0' }, { value: '1' });
      const [first] = await collect(2, () => receiveSoon(slow));
      kafka.proxy.cut();
      const other = await openInput(name);
      expect(await drain(other, 2)).toHaveLength(2);
      await eventually(async () => expect(await committed(name)).toEqual([2n]));
      await other[Symbol.asyncDispose]();
      kafka.proxy.restore();
      await receiveAgain(slow);
      await first?.ack().catch(() => {});
      await publish(name, { value: '2' });
      const [next] = await collect(1, () => receiveAgain(slow));
      expect(next?.body).toBe('2');
      // Its next heartbeat shows that the partition is lost; it may fetch before.
      await eventually(() => expect(first?.ack()).rejects.toThrow('was reassigned'));
      expect(await committed(name)).toEqual([2n]);
    });
  });

  describe('a retry', () => {
    test('is delivered by another worker of the group, when it is due', async () => {
      const name = await createTopic();
      const input = await openInput(name);
      await publish(name, { value: '1' });
      const message = await receiveOne(input);
      const due = Date.now() + 2_000;
      await message.retryAfter(2);
      await input[Symbol.asyncDispose]();
      const again = await receiveOne(await openInput(name));
      expect(again).toMatchObject({ id: message.id, sentAt: message.sentAt });
      expect(Date.now()).toBeGreaterThanOrEqual(due);
    });

    test('does not wait for another one that was published before it', async () => {
      const name = await createTopic();
      const input = await openInput(name);
      await publish(name, { value: 'late' }, { value: 'soon' });
      const [late, soon] = await collect(2, () => receiveSoon(input));
      await late?.retryAfter(3_600);
      await soon?.retryAfter(1);
      expect(await receiveOne(input)).toMatchObject({ body: 'soon' });
    });

    test('of another group that shares the topic of retries is left alone', async () => {
      const name = await createTopic();
      const [mine, other] = [await openInput(name), await openInput(name, { more: '&group=other' })];
      await publish(name, { value: '1' });
      const [message] = await Promise.all([receiveOne(mine), receiveOne(other).then((each) => each.ack())]);
      await message.retryAfter(1);
      expect(await receiveOne(mine)).toMatchObject({ id: message.id });
      expect(await receiveSoon(other)).toEqual([]);
    });

    test('waits in the worker if it can not be published', async () => {
      const name = await createTopic();
      const log = new CollectingLogger();
      const input = await openInput(name, { log });
      await publish(name, { value: '1' });
      const message = await receiveOne(input);
      await admin.incrementalAlterConfigs({
        resources: [
          {
            resourceType: 2,
            resourceName: `${name}.retry`,
            configs: [{ name: 'max.message.bytes', value: '50', configOperation: 0 }],
          },
        ],
      });
      await message.retryAfter(1);
      expect(log.lines.at(-1)?.message).toContain('it waits in this worker');
      expect(await receiveOne(input)).toMatchObject({ id: message.id });
      expect(await committed(name)).not.toEqual([1n]);
    });
  });

  /** A worker process that takes messages and does something with them. It prints a line when that is done. */
  async function startProcess(topic: string, script: string) {
    const code = `
      import { KAFKA } from './lib/brokers/kafka.ts';
      const log = () => {};
      const logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
      const options = { maxInFlight: 10, maxAttempts: 5, logger };
      const queue = await KAFKA.openInput(new URL(process.argv[1]), options);
      const messages = [];
      while (messages.length < 2) messages.push(...(await queue.receive(2, new AbortController().signal)));
      ${script}
      console.log('done');
    `;
    const args = [
      '--input-type=module',
      '-e',
      code,
      String(url(`topic=${topic}&session=${SESSION_SECONDS}`)),
    ];
    const child = spawn(process.execPath, args, {
      cwd: PROJECT_FOLDER,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child;
  }

  test('messages of a killed worker are delivered again, and so is one whose retry it had published', async () => {
    const name = await createTopic();
    await publish(name, { value: 'held' }, { value: 'retried' });
    const child = await startProcess(name, 'await messages[1].retryAfter(1);');
    const opened = openInput(name);
    child.kill('SIGKILL');
    const messages = await collect(3, async () => receiveSoon(await opened));
    expect(messages.map(({ body }) => body).toSorted()).toEqual(['held', 'retried', 'retried']);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(2);
  });

  test('a closed queue leaves neither sockets nor timers', async () => {
    const name = await createTopic();
    await publish(name, { value: '1' }, { value: '2' });
    const script =
      'await messages[0].ack(); await messages[1].retryAfter(100); await queue[Symbol.asyncDispose]();';
    const child = await startProcess(name, script);
    // Neither a session nor the delay of a retry keeps it from its end.
    const started = Date.now();
    if (child.exitCode === null) await once(child, 'exit');
    expect(Date.now() - started).toBeLessThan(20_000);
    expect(await committed(name)).toEqual([2n]);
  });

  test('a message may take longer than the session', async () => {
    const name = await createTopic();
    const input = await openInput(name, { sessionSeconds: 3 });
    await publish(name, { value: 'long' });
    const message = await receiveOne(input);
    const end = Date.now() + 7_000;
    while (Date.now() < end) expect(await receiveSoon(input)).toEqual([]);
    await message.ack();
    await eventually(async () => expect(await committed(name)).toEqual([1n]));
  });

  test('messages in partitions that were added are delivered', async () => {
    const name = await createTopic();
    const input = await openInput(name);
    await receiveSoon(input);
    await admin.createPartitions({ topics: [{ name, count: 2, assignments: null as never }] });
    await eventually(() => publish(name, { value: 'new', partition: 1 }));
    const [message] = await collect(1, () => receiveAgain(input));
    expect(message?.body).toBe('new');
  });

  test('messages that the server deleted are reported, and the others are delivered', async () => {
    const name = await createTopic();
    const log = new CollectingLogger();
    await publish(name, { value: '0' }, { value: '1' }, { value: '2' });
    const input = await openInput(name, { log });
    // Owns the partition from its start on, and has fetched nothing.
    await admin.deleteRecords({ topics: [{ name, partitions: [{ partition: 0, offset: 2n }] }] });
    expect(await receiveOne(input)).toMatchObject({ body: '2' });
    const line = log.lines.find(({ level }) => level === 'error');
    expect(line).toMatchObject({
      message: expect.stringContaining('Messages are lost'),
      fields: { partition: 0, from: '0', to: '1' },
    });
  });

  test('a topic that is created again is read from its start, whatever was processed of the one before', async () => {
    const name = await createTopic();
    const log = new CollectingLogger();
    await publish(name, { value: 'old 0' }, { value: 'old 1' });
    const input = await openInput(name, { at: kafka.proxy.port, log, sessionSeconds: 60 });
    const [, held] = await collect(2, () => receiveSoon(input));
    kafka.proxy.cut();
    await eventually(() => expect(receiveSoon(input)).rejects.toThrow('unreachable'));
    await admin.deleteTopics({ topics: [name] });
    await kafka.createTopics({ name });
    const bodies = Array.from({ length: 5 }, (_, nth) => `new ${nth}`);
    // The other one remembers the topic of before.
    const other = newProducer();
    onTestFinished(() => other.close(true));
    await other.send({
      acks: -1,
      messages: bodies.map((body) => ({ topic: name, value: Buffer.from(body) })),
    });
    kafka.proxy.restore();
    const received = await collect(5, () => receiveAgain(input));
    expect(received.map(({ body }) => body)).toEqual(bodies);
    await expect(held?.ack()).rejects.toThrow('was deleted with its topic');
    await Promise.all(received.map((message) => message.ack()));
    await eventually(async () => expect(await committed(name)).toEqual([5n]));
    expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
      { message: expect.stringContaining('it was deleted, and created again'), fields: { topic: name } },
    ]);
  });

  test('messages that the server has lost are reported, and those in their place are delivered', async () => {
    const name = await createTopic();
    const log = new CollectingLogger();
    const input = await openInput(name, { at: kafka.proxy.port, log, sessionSeconds: 60 });
    await publish(name, { value: 'old 0' }, { value: 'old 1' });
    const [first] = await collect(2, () => receiveSoon(input));
    await first?.ack();
    kafka.proxy.cut();
    await eventually(() => expect(receiveSoon(input)).rejects.toThrow('unreachable'));
    // As a disk that is replaced, or a leader that is elected though it lacks what another one had.
    await kafka.server.stop();
    await rm(join(kafka.server.folder, 'data', `${name}-0`), { recursive: true });
    await kafka.server.start();
    const bodies = ['new 0', 'new 1', 'new 2', 'new 3'];
    await eventually(() => publish(name, ...bodies.map((value) => ({ value }))));
    kafka.proxy.restore();
    const received = await collect(4, () => receiveAgain(input));
    expect(received.map(({ body }) => body)).toEqual(bodies);
    expect(log.lines.find(({ level }) => level === 'error')).toMatchObject({
      message: expect.stringContaining('Kafka has lost messages'),
      fields: { partition: 0, from: '0', to: '1' },
    });
  });

  describe.each(['stop', 'kill'] as const)('over %s and start of the server', (end) => {
    test('messages and their settlement survive', async () => {
      const log = new CollectingLogger();
      const name = await createTopic();
      const output = await openOutput(name, { log });
      const input = await openInput(name, { log });
      const messages = Array.from({ length: 20 }, (_, nth) => ({ body: `body ${nth}`, attributes: {} }));
      await output.send(messages.slice(0, 10));
      const held = await collect(10, () => receiveSoon(input));
      await kafka.server[end]();
      await Promise.all(held.slice(0, 5).map((message) => message.ack()));
      await eventually(() => expect(receiveSoon(input)).rejects.toThrow('unreachable'));
      await kafka.server.start();
      await eventually(async () => {
        const results = await output.send(messages.slice(10));
        expect(results).toEqual(messages.slice(10).map(() => ({ sent: true })));
      });
      await Promise.all(held.slice(5).map((message) => message.ack().catch(() => {})));
      // Those that could not be acknowledged come again, before the others.
      const rest: ReceivedMessage[] = [];
      await eventually(async () => {
        rest.push(...(await receiveAgain(input)));
        const bodies = rest.map(({ body }) => body);
        expect(bodies).toEqual(expect.arrayContaining(messages.slice(10).map(({ body }) => body)));
      });
      await Promise.all(rest.map((message) => message.ack()));
      await eventually(async () => expect((await committed(name))[0]).toBeGreaterThanOrEqual(20n));
      const lines = log.lines.filter(({ message }) =>
        /^The connection to .*(?<!publishing.*) (was|is back)/.test(message),
      );
      expect(lines.map(({ level }) => level).filter((level) => level !== 'warn' && level !== 'info')).toEqual(
        [],
      );
      expect(lines.length).toBeGreaterThanOrEqual(2);
    });
  });

  describe('a network that fails', () => {
    test('for a moment: a worker keeps what it holds, and nothing is delivered again', async () => {
      const name = await createTopic();
      const log = new CollectingLogger();
      const input = await openInput(name, { at: kafka.proxy.port, log, sessionSeconds: 20 });
      await publish(name, { value: '1' });
      const message = await receiveOne(input);
      kafka.proxy.cut();
      await eventually(() => expect(receiveSoon(input)).rejects.toThrow('unreachable'));
      kafka.proxy.restore();
      await publish(name, { value: '2' });
      const [next] = await collect(1, () => receiveAgain(input));
      expect(next?.body).toBe('2');
      for (const each of [message, next]) await each?.ack();
      await eventually(async () => expect(await committed(name)).toEqual([2n]));
      const lines = log.lines.filter((line) => line.message.startsWith('The connection to Kafka'));
      expect(
        lines
          .map(({ level }) => level)
          .slice(0, 2)
          .toSorted(),
      ).toEqual(['info', 'warn']);
    });

    test('while sending: the messages are sent again', async () => {
      const name = await createTopic();
      const output = await openOutput(name, { at: kafka.proxy.port });
      const messages = Array.from({ length: 100 }, (_, nth) => ({ body: `${nth}`, attributes: {} }));
      const sending = output.send(messages);
      kafka.proxy.cut();
      const again = output.send(messages);
      await new Promise((resolve) => setTimeout(resolve, 50));
      kafka.proxy.restore();
      expect(await sending).toEqual(messages.map(() => ({ sent: true })));
      expect(await again).toEqual(messages.map(() => ({ sent: true })));
      expect((await fetchAll(name)).length).toBeGreaterThanOrEqual(200);
    });

    test('after messages were stored, before that was confirmed: they are stored once', async () => {
      const name = await createTopic();
      const output = await openOutput(name, { at: kafka.proxy.port });
      await output.send([{ body: 'first', attributes: {} }]);
      kafka.proxy.hold();
      const sending = output.send([{ body: 'second', attributes: {} }]);
      await eventually(async () => expect(await fetchAll(name)).toHaveLength(2));
      kafka.proxy.cut();
      kafka.proxy.restore();
      expect(await sending).toEqual([{ sent: true }]);
      expect(await fetchAll(name)).toHaveLength(2);
    });

    test('that loses everything: a send is unknown after its time limit', async () => {
      const name = await createTopic();
      const output = await openOutput(name, { at: kafka.proxy.port });
      const input = await openInput(name, { at: kafka.proxy.port });
      await receiveSoon(input);
      const message = { body: '1', attributes: {} };
      kafka.proxy.silence();
      expect(await output.send([message])).toMatchObject([{ sent: false, refused: false }]);
      await eventually(() => expect(receiveSoon(input)).rejects.toThrow('unreachable'));
      kafka.proxy.restore();
      expect(await output.send([message])).toEqual([{ sent: true }]);
      const [received] = await collect(1, () => receiveAgain(input));
      expect(received?.body).toBe('1');
    });
  });
});
