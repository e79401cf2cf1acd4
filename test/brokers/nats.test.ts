import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AckPolicy,
  type ConsumerConfig,
  DiscardPolicy,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  type StreamConfig,
} from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { decodeContent } from '../../lib/brokers/nats/message.ts';
import { NATS } from '../../lib/brokers/nats.ts';
import type { OutputMessage } from '../../lib/core/ports/message-sink.ts';
import { forwardedMessage } from '../../lib/core/wire/forwarded-message.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { exerciseInputQueue } from '../conformance/input-queue-suite.ts';
import { exerciseOrderedQueue } from '../conformance/ordered-queue-suite.ts';
import { exerciseOutputQueue } from '../conformance/output-queue-suite.ts';
import { available } from '../support/brokers/available.ts';
import { DroppingProxy } from '../support/brokers/dropping-proxy.ts';
import { drain, HARD_MESSAGES, receiveOne, receiveSoon } from '../support/brokers/messages.ts';
import { findNatsServer, startNatsServer } from '../support/brokers/nats-server.ts';
import type { Server } from '../support/brokers/server.ts';
import { collect, eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NANOSECONDS = 1_000_000_000;

const program = await available('NATS', findNatsServer);

describe.runIf(program)('NATS', () => {
  let server: Server;
  let port: number;
  let client: NatsConnection;
  let manager: JetStreamManager;

  beforeAll(async () => {
    ({ server, port } = await startNatsServer(program ?? ''));
    client = await connect({ port, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    manager = await jetstreamManager(client);
  });
  afterAll(async () => {
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  const logger = new CollectingLogger();

  const url = (parameters: string, at = port) => new URL(`nats://127.0.0.1:${at}?${parameters}`);

  const unique = (name: string) => `${name}-${crypto.randomUUID()}`;

  const openInput = async (
    parameters: string,
    { at = port, log = logger, maxInFlight = 100, ordered = false } = {},
  ) => {
    const options = { maxInFlight, maxAttempts: 5, ordered, logger: log };
    const queue = await NATS.openInput(url(parameters, at), options);
    onTestFinished(() => queue[Symbol.asyncDispose]());
    return queue;
  };

  const openOutput = async (parameters: string, at = port) => {
    const queue = await NATS.openOutput(url(parameters, at), { logger });
    onTestFinished(() => queue[Symbol.asyncDispose]());
    return queue;
  };

  /** A stream with a consumer that hides messages that long. */
  async function createQueue(ackWaitSeconds: number, more: Partial<ConsumerConfig> = {}): Promise<string> {
    const name = unique('queue');
    await manager.streams.add({ name, subjects: [name] });
    await manager.consumers.add(name, {
      durable_name: 'coatcheck',
      ack_policy: AckPolicy.Explicit,
      ack_wait: ackWaitSeconds * NANOSECONDS,
      ...more,
    });
    return name;
  }

  async function publish(
    subject: string,
    body: string | Uint8Array,
    named: Readonly<Record<string, string>> = {},
  ) {
    const written = headers();
    for (const [name, value] of Object.entries(named)) written.set(name, value);
    await manager.jetstream().publish(subject, body, { headers: written });
  }

  exerciseInputQueue(
    'an input queue of JetStream',
    async (hiddenSeconds) => {
      const name = await createQueue(hiddenSeconds);
      const dead = await NATS.openOutput(url(`subject=${name}-dead&stream=${name}-dead`), { logger });
      const deadInput = await NATS.openInput(url(`stream=${name}-dead`), {
        maxInFlight: 10,
        maxAttempts: 5,
        logger,
      });
      const open = () =>
        NATS.openInput(url(`stream=${name}`), {
          deadLetters: dead,
          maxInFlight: 100,
          maxAttempts: 5,
          logger,
        });
      let input = await open();
      return {
        send: (body, attributes) => publish(name, body, attributes),
        receive: (max) => receiveSoon(input, max),
        reopen: async () => {
          await input[Symbol.asyncDispose]();
          input = await open();
        },
        deadLetters: () => drain(deadInput, 1),
        async [Symbol.asyncDispose]() {
          for (const each of [input, dead, deadInput]) await each[Symbol.asyncDispose]();
          await manager.streams.delete(name);
        },
      };
    },
    {
      ordered: false,
      countsDeliveries: true,
      redelivers: 'after timeout',
      // A late acknowledgement counts: the records fence.
      fencesReceipts: false,
      datesFirstDelivery: false,
      reopens: true,
      deadLetters: true,
    },
  );

  exerciseOrderedQueue('an input queue of JetStream with order', async () => {
    const name = unique('ordered');
    await manager.streams.add({ name, subjects: [name], retention: RetentionPolicy.Workqueue });
    const options = { ordered: true, maxInFlight: 1_000, maxAttempts: 5, logger };
    return {
      send: (OrderingKey, body) => publish(name, body, { OrderingKey }),
      open: () => NATS.openInput(url(`stream=${name}`), options),
    };
  });

  describe('with order', () => {
    const options = { ordered: true, maxInFlight: 100, maxAttempts: 5, logger };
    const openOrdered = async (name: string) => {
      const queue = await NATS.openInput(url(`stream=${name}`), options);
      onTestFinished(() => queue[Symbol.asyncDispose]());
      return queue;
    };

    async function createWorkQueue(): Promise<string> {
      const name = unique('ordered');
      await manager.streams.add({ name, subjects: [name], retention: RetentionPolicy.Workqueue });
      return name;
    }

    test('a worker that was suspended for longer than its lease receives nothing more', async () => {
      const name = await createWorkQueue();
      const first = await openOrdered(name);
      for (const body of ['a', 'b', 'c']) await publish(name, body);
      expect((await receiveOne(first)).body).toBe('a');
      const second = await openOrdered(name);
      await manager.streams.purge(`${name}-coatcheck-lease`);
      const messages = await collect(3, () => receiveSoon(second));
      expect(messages.map(({ body }) => body)).toEqual(['a', 'b', 'c']);
      await publish(name, 'd');
      expect(await receiveSoon(first).catch(() => [])).toEqual([]);
      expect((await receiveOne(second)).body).toBe('d');
    });

    test('a stream must be a work queue, without a consumer of workers that keep none', async () => {
      const limits = unique('limits');
      await manager.streams.add({ name: limits, subjects: [limits] });
      await expect(openOrdered(limits)).rejects.toThrow(
        `The stream ${limits} has the retention limits: order is kept on work queues only`,
      );
      const unordered = await createWorkQueue();
      await (await openInput(`stream=${unordered}`))[Symbol.asyncDispose]();
      await expect(openOrdered(unordered)).rejects.toThrow(`nats consumer rm ${unordered} coatcheck`);
      const ordered = await createWorkQueue();
      const queue = await openOrdered(ordered);
      await receiveSoon(queue);
      await eventually(async () =>
        expect((await manager.streams.info(ordered)).state.consumer_count).toBe(1),
      );
      await expect(openInput(`stream=${ordered}`)).rejects.toThrow(`nats consumer rm ${ordered} coatcheck-`);
    });
  });

  exerciseOutputQueue('an output queue of JetStream', async () => {
    const name = unique('output');
    const queue = await openOutput(`subject=${name}&stream=${name}`);
    const input = await openInput(`stream=${name}`);
    return { queue, receive: (count) => drain(input, count) };
  });

  exerciseOutputQueue('an output queue of core NATS', async () => {
    const subject = unique('core');
    const received: OutputMessage[] = [];
    const subscription = client.subscribe(subject, {
      callback: (_, message) => void received.push(forwardedMessage(decodeContent(message))),
    });
    onTestFinished(() => subscription.unsubscribe());
    await client.flush();
    const queue = await openOutput(`subject=${subject}&mode=core`);
    return { queue, receive: (count) => collect(count, () => received.splice(0)) };
  });

  describe('a message', () => {
    test('carries bytes, a content type, values that no header can hold, and a CloudEvent', async () => {
      const name = unique('output');
      const queue = await openOutput(`subject=${name}&stream=${name}`);
      const input = await openInput(`stream=${name}`);
      expect(await queue.send(HARD_MESSAGES)).toEqual(HARD_MESSAGES.map(() => ({ sent: true })));
      expect(await drain(input, 3)).toEqual(HARD_MESSAGES);
    });

    test('of another sender: its message id is its id, headers of the server are no attributes', async () => {
      const name = await createQueue(30);
      await publish(name, '1', { 'Nats-Msg-Id': 'order-1', 'content-type': 'text/csv', traceparent: 'x' });
      await publish(name, '2');
      const input = await openInput(`stream=${name}`);
      const [first, second] = await collect(2, () => receiveSoon(input));
      expect(first).toMatchObject({
        id: 'order-1',
        attributes: { ContentType: 'text/csv', traceparent: 'x' },
      });
      expect(Object.keys(first?.attributes ?? {})).toHaveLength(2);
      expect(second?.id).toMatch(new RegExp(`^${name}:2:\\d{19}$`));
    });

    test.each(['Nats-Rollup', 'ce-id', 'with blank', 'Größe'])(
      'is refused with an attribute %s',
      async (name) => {
        const subject = unique('output');
        const queue = await openOutput(`subject=${subject}&stream=${subject}`);
        const [result] = await queue.send([
          { body: '1', attributes: { [name]: { type: 'String', value: 'a' } } },
        ]);
        expect(result).toMatchObject({ sent: false, refused: true });
      },
    );
  });

  test('a subject with {id} is one for each request', async () => {
    const name = unique('ids');
    const queue = await openOutput(`subject=${name}.{id}&stream=${name}`);
    const ids = ['a-1', 'a.b *>', undefined];
    const messages = ids.map((id) => {
      const attributes = { ...(id !== undefined && { RequestId: { type: 'String', value: id } }) };
      return { body: '1', attributes };
    });
    expect(await queue.send(messages)).toEqual([{ sent: true }, { sent: true }, { sent: true }]);
    const { config } = await manager.streams.info(name);
    expect(config.subjects).toEqual([`${name}.*`]);
    const { state } = await manager.streams.info(name, { subjects_filter: '>' });
    const subjects = [`${name}.a-1`, `${name}.a%2Eb%20%2A%3E`, `${name}.-`];
    expect(Object.keys(state.subjects ?? {}).toSorted()).toEqual(subjects.toSorted());
  });

  test('a subject with {topic} is one for each topic, which consumers subscribe to by patterns', async () => {
    const name = unique('topics');
    const images = await openOutput(`subject=${name}.{topic}&stream=${name}`);
    const reading = await openInput(`stream=${name}&subject=${name}.images.>`);
    const about = (topic: string | undefined, body: string) => ({
      body,
      attributes: {},
      labels: { ...(topic !== undefined && { Topic: { type: 'String', value: topic } }) },
    });
    const messages = [
      about('images.small', '1'),
      about('images', '2'),
      about('images.a.b', '3'),
      about(undefined, '4'),
    ];
    expect(await images.send(messages)).toEqual(messages.map(() => ({ sent: true })));
    const { config } = await manager.streams.info(name);
    expect(config.subjects).toEqual([`${name}.>`]);
    const { state } = await manager.streams.info(name, { subjects_filter: '>' });
    expect(Object.keys(state.subjects ?? {}).toSorted()).toEqual(
      [`${name}._`, `${name}.images`, `${name}.images.a.b`, `${name}.images.small`].toSorted(),
    );
    const received = await collect(2, () => receiveSoon(reading));
    expect(received.map(({ body }) => body).toSorted()).toEqual(['1', '3']);
  });

  test('a full stream takes nothing and says so, until there is room', async () => {
    const name = unique('full');
    await manager.streams.add({ name, subjects: [name], max_msgs: 1, discard: DiscardPolicy.New });
    const queue = await openOutput(`subject=${name}`);
    const [first, second] = [
      { body: '1', attributes: {} },
      { body: '2', attributes: {} },
    ];
    expect(await queue.send([first])).toEqual([{ sent: true }]);
    const reason = 'maximum messages exceeded';
    expect(await queue.send([second])).toEqual([{ sent: false, refused: false, reason }]);
    await manager.streams.purge(name);
    expect(await queue.send([second])).toEqual([{ sent: true }]);
  });

  test('a stream that keeps only what a consumer takes needs a consumer', async () => {
    const name = unique('interest');
    await manager.streams.add({ name, subjects: [name], retention: RetentionPolicy.Interest });
    await expect(openOutput(`subject=${name}`)).rejects.toThrow('has the retention interest and no consumer');
    const log = new CollectingLogger();
    const input = await openInput(`stream=${name}`, { log });
    expect(JSON.stringify(log.lines)).toContain('a message that no consumer takes is confirmed and deleted');
    const queue = await openOutput(`subject=${name}`);
    expect(await queue.send([{ body: 'a', attributes: {} }])).toEqual([{ sent: true }]);
    expect((await receiveOne(input)).body).toBe('a');
  });

  test('a message larger than the stream takes is refused', async () => {
    const name = unique('small');
    await manager.streams.add({ name, subjects: [name], max_msg_size: 200 });
    const queue = await openOutput(`subject=${name}`);
    expect(queue.maxMessageBytes).toBe(200);
    await manager.streams.update(name, { max_msg_size: 150 });
    const [result] = await queue.send([{ body: 'x'.repeat(100), attributes: {} }]);
    expect(result).toMatchObject({ sent: false, refused: true });
  });

  describe('a consumer that is unsuitable is refused', () => {
    test.each<[Partial<ConsumerConfig>, string]>([
      [{ ack_policy: AckPolicy.None }, 'has the ack policy none: make it explicit'],
      [{ max_deliver: 5 }, 'has max_deliver 5'],
      [{ max_deliver: 5, backoff: [NANOSECONDS] }, 'has a backoff'],
      [{ max_ack_pending: 10 }, 'has max_ack_pending 10: make it at least 100'],
      [
        { priority_policy: 'overflow', priority_groups: ['near'] },
        'has the priority groups near, and delivers only to clients that name one',
      ],
      [{ headers_only: true }, 'delivers headers only'],
      [{ inactive_threshold: 60 * NANOSECONDS }, 'remove inactive_threshold'],
      [{ deliver_subject: 'somewhere' }, 'make it a pull consumer'],
    ])('%j', async (config, problem) => {
      const name = await createQueue(30, config);
      await expect(openInput(`stream=${name}`)).rejects.toThrow(problem);
    });
  });

  test('opening creates a work queue and its consumer if there is a subject, else says what to do', async () => {
    const name = unique('new');
    await expect(openInput(`stream=${name}`)).rejects.toThrow(
      `There is no stream ${name}. Create it, or add subject=`,
    );
    await expect(openOutput(`subject=${name}`)).rejects.toThrow(`No stream takes the subject ${name}`);
    const input = await openInput(`stream=${name}&subject=${name}.*`);
    expect(input.visibilitySeconds).toBe(30);
    const { config } = await manager.streams.info(name);
    expect(config).toMatchObject({ retention: 'workqueue', subjects: [`${name}.*`], storage: 'file' });
    const consumer = await manager.consumers.info(name, 'coatcheck');
    expect(consumer.config).toMatchObject({ max_ack_pending: -1, ack_policy: 'explicit' });
  });

  describe.each([{ ordered: false }, { ordered: true }])(
    'a message that is no request, with %o,',
    (options) => {
      async function openQueue(config: Partial<StreamConfig>) {
        const name = unique('queue');
        const retention = RetentionPolicy.Workqueue;
        await manager.streams.add({
          name,
          subjects: [`${name}.>`],
          retention,
          allow_msg_ttl: true,
          ...config,
        });
        const log = new CollectingLogger();
        const input = await openInput(`stream=${name}`, { log, ...options });
        return { name, input, log };
      }

      test('is a marker of what the server deleted by its age: it is deleted, and the loss is reported', async () => {
        const second = NANOSECONDS;
        const { name, input, log } = await openQueue({
          max_age: 3 * second,
          // Longer than the test takes.
          subject_delete_marker_ttl: 600 * second,
          allow_rollup_hdrs: true,
        });
        const lastSequence = async () => (await manager.streams.info(name)).state.last_seq;
        await publish(`${name}.a`, '1');
        await eventually(async () => expect(await lastSequence()).toBe(2));
        const received = receiveOne(input);
        const message = expect.stringContaining('Messages are lost');
        const fields = { stream: name, subject: `${name}.a` };
        await eventually(() => expect(log.lines).toContainEqual({ level: 'error', message, fields }));
        // Only now: the server deletes it after 3 seconds, too.
        await publish(`${name}.b`, '2');
        expect(await received).toMatchObject({ body: '2' });
        await eventually(async () => {
          const { state } = await manager.streams.info(name, { subjects_filter: `${name}.a` });
          expect(state.subjects ?? {}).toEqual({});
        });
      });

      test('has a body: it is a request, even with the header of a marker', async () => {
        const { name, input } = await openQueue({});
        await publish(`${name}.a`, '1', { 'Nats-Marker-Reason': 'MaxAge' });
        expect(await receiveOne(input)).toMatchObject({ body: '1' });
      });

      test('is a schedule: the message is received when it is due, and the log says what to change', async () => {
        const { name, input, log } = await openQueue({ allow_msg_schedules: true });
        // The server deletes a schedule that was due, so the worker must receive before.
        await publish(`${name}.now`, '0');
        await (await receiveOne(input)).ack();
        const received = receiveOne(input);
        const dueAt = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
        const schedule = `@at ${new Date(dueAt).toISOString().replace('.000Z', 'Z')}`;
        await publish(`${name}.later.a`, '1', {
          'Nats-Schedule': schedule,
          'Nats-Schedule-Target': `${name}.now`,
          'Nats-Msg-Id': 'id-1',
          RequestId: 'order-1',
        });
        const message = await received;
        expect(message).toMatchObject({ body: '1', attributes: { RequestId: 'order-1' } });
        expect(message.sentAt).toBeGreaterThanOrEqual(dueAt);
        // The server doesn't pass on the message id.
        expect(message.id).toMatch(new RegExp(`^${name}:`));
        expect(log.lines).toContainEqual(
          expect.objectContaining({ level: 'warn', message: expect.stringContaining('schedules') }),
        );
      });
    },
  );

  test('the log says at start what the stream can lose', async () => {
    const log = new CollectingLogger();
    await openInput(`stream=${await createQueue(30)}`, { log });
    expect(JSON.stringify(log.lines)).toContain('before it is synced to disk');
  });

  test('a consumer that was deleted is created again, and messages go on', async () => {
    const name = await createQueue(30);
    const input = await openInput(`stream=${name}`);
    await receiveSoon(input);
    await manager.consumers.delete(name, 'coatcheck');
    await publish(name, 'after');
    const [message] = await collect(1, () => receiveSoon(input).catch(() => []));
    expect(message?.body).toBe('after');
  });

  test('a message that a killed process held is delivered again', async () => {
    const name = await createQueue(5);
    await publish(name, 'held');
    const script = `
      import { NATS } from './lib/brokers/nats.ts';
      const log = () => {};
      const logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
      const queue = await NATS.openInput(new URL(process.argv[1]), { maxInFlight: 1, maxAttempts: 5, logger });
      const [message] = await queue.receive(1, new AbortController().signal);
      await message.extend(3600);
      console.log(message.id);
    `;
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', script, String(url(`stream=${name}`))],
      {
        cwd: PROJECT_FOLDER,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    const [id] = await once(child.stdout, 'data');
    const input = await openInput(`stream=${name}`);
    expect(await receiveSoon(input)).toEqual([]);
    child.kill('SIGKILL');
    expect(await receiveOne(input)).toMatchObject({ id: String(id).trim(), body: 'held', deliveryCount: 2 });
  });

  test('what was received and not taken is delivered to others at once when the queue is closed', async () => {
    const name = await createQueue(3_600);
    const first = await openInput(`stream=${name}`);
    expect(await receiveSoon(first)).toEqual([]);
    await publish(name, 'untaken');
    await eventually(async () => {
      expect(await manager.consumers.info(name, 'coatcheck')).toMatchObject({ num_ack_pending: 1 });
    });
    await first[Symbol.asyncDispose]();
    expect(await receiveOne(await openInput(`stream=${name}`))).toMatchObject({ body: 'untaken' });
  });

  test('what is on its way when the queue is closed is delivered to others at once', async () => {
    const name = await createQueue(3_600);
    await using proxy = await DroppingProxy.to(port);
    const first = await openInput(`stream=${name}`, { at: proxy.port });
    const stopping = new AbortController();
    const receiving = first.receive(1, stopping.signal);
    const info = () => manager.consumers.info(name, 'coatcheck');
    await eventually(async () => expect(await info()).toMatchObject({ num_waiting: 1 }));
    proxy.hold();
    await publish(name, 'on its way');
    await eventually(async () => expect(await info()).toMatchObject({ num_ack_pending: 1 }));
    stopping.abort();
    expect(await receiving).toEqual([]);
    const closing = first[Symbol.asyncDispose]();
    proxy.release();
    await closing;
    expect(await receiveOne(await openInput(`stream=${name}`))).toMatchObject({ body: 'on its way' });
  });

  describe.each(['stop', 'kill'] as const)('over %s and start of the server', (end) => {
    test('messages and their settlement survive, and nothing is sent twice', async () => {
      const log = new CollectingLogger();
      const name = unique('restart');
      const output = await openOutput(`subject=${name}&stream=${name}`);
      const input = await openInput(`stream=${name}`, { log });
      const messages = Array.from({ length: 20 }, (_, nth) => ({ body: `body ${nth}`, attributes: {} }));
      await output.send(messages.slice(0, 10));
      const held = await collect(10, () => receiveSoon(input));
      await server[end]();
      await eventually(() => expect(receiveSoon(input)).rejects.toThrow());
      const acknowledging = Promise.allSettled(held.slice(0, 5).map((message) => message.ack()));
      const sending = output.send(messages);
      await server.start();
      const acknowledged = (await acknowledging).map(({ status }) => status === 'fulfilled');
      expect(await sending).toEqual(messages.map(() => ({ sent: true })));
      const returned = await Promise.allSettled(held.slice(5).map((message) => message.retryAfter(0)));
      // A killed server forgets its last deliveries, and confirms no settlement of them: it delivers them again.
      if (end === 'stop') {
        expect(acknowledged).toEqual(Array(5).fill(true));
        expect(returned).toEqual(Array(5).fill({ status: 'fulfilled', value: undefined }));
      }
      const ended = new Set(held.filter((_, nth) => acknowledged[nth]).map(({ body }) => body));
      const expected = messages.map(({ body }) => body).filter((body) => !ended.has(body));
      const rest = await collect(expected.length, () => receiveSoon(input).catch(() => []));
      expect(rest.map(({ body }) => body).toSorted()).toEqual(expected.toSorted());
      expect(await receiveSoon(input)).toEqual([]);
      const outage = log.lines.filter(({ message }) => message.startsWith('The connection to NATS'));
      expect(outage.map(({ level }) => level)).toEqual(['warn', 'info']);
    });
  });

  describe('a network that fails', () => {
    test('while sending: the message is sent again, and stored once', async () => {
      await using proxy = await DroppingProxy.to(port);
      const name = unique('cut');
      const output = await openOutput(`subject=${name}&stream=${name}`, proxy.port);
      const messages = Array.from({ length: 100 }, (_, nth) => ({ body: `${nth}`, attributes: {} }));
      const sending = output.send(messages);
      proxy.cut();
      const again = output.send(messages);
      proxy.restore();
      expect(await sending).toEqual(messages.map(() => ({ sent: true })));
      expect(await again).toEqual(messages.map(() => ({ sent: true })));
      expect((await manager.streams.info(name)).state.messages).toBe(100);
    });

    test('that loses everything: a send is unknown after its time limit, and sent again is stored once', async () => {
      await using proxy = await DroppingProxy.to(port);
      const name = unique('silent');
      const output = await openOutput(`subject=${name}&stream=${name}`, proxy.port);
      const core = await openOutput(`subject=${name}-core&mode=core`, proxy.port);
      const message = { body: '1', attributes: {} };
      proxy.silence();
      const unknown = [{ sent: false, refused: false }];
      const sending = [output.send([message]), core.send([message])];
      for (const results of await Promise.all(sending)) expect(results).toMatchObject(unknown);
      proxy.restore();
      expect(await output.send([message])).toEqual([{ sent: true }]);
      expect((await manager.streams.info(name)).state.messages).toBe(1);
    });

    test('does not lose what waits to be received', async () => {
      await using proxy = await DroppingProxy.to(port);
      const name = await createQueue(1);
      const input = await openInput(`stream=${name}`, { at: proxy.port });
      const waiting = input.receive(10, new AbortController().signal);
      await eventually(async () => {
        expect(await manager.consumers.info(name, 'coatcheck')).toMatchObject({ num_waiting: 1 });
      });
      proxy.cut();
      await expect(waiting).rejects.toThrow();
      await publish(name, 'after the cut');
      proxy.restore();
      const [message] = await collect(1, () => receiveSoon(input).catch(() => []));
      expect(message?.body).toBe('after the cut');
    });
  });
});

const PERMISSIONS = `
authorization {
  users: [{ user: app, password: "se:cret", permissions: { publish: ["allowed", "$JS.API.>"], subscribe: ">" } }]
}
`;

describe.runIf(program)('NATS with accounts', () => {
  test('a login that is refused, and a publish that is not permitted, are reported', async () => {
    const file = join(await temporaryFolder(), 'nats.conf');
    await writeFile(file, PERMISSIONS);
    const { server, port } = await startNatsServer(program ?? '', ['-c', file]);
    onTestFinished(() => server[Symbol.asyncDispose]());
    const options = { logger: new CollectingLogger() };
    const open = (login: string, subject = 'allowed') =>
      NATS.openOutput(new URL(`nats://${login}127.0.0.1:${port}?subject=${subject}&mode=core`), options);
    for (const login of ['', 'app:wrong@']) {
      const error = await open(login).catch((reason) => reason);
      expect(error).toMatchObject({ code: 'configuration_invalid' });
      expect(error.message).not.toContain('wrong');
    }
    const message = { body: '1', attributes: {} };
    await using allowed = await open('app:se%3Acret@');
    expect(await allowed.send([message])).toEqual([{ sent: true }]);
    await using forbidden = await open('app:se%3Acret@', 'forbidden');
    const [result] = await forbidden.send([message]);
    expect(result).toMatchObject({ sent: false, refused: false });
    expect(JSON.stringify(result)).toContain('Permissions Violation');
  });
});

describe('a URL', () => {
  const options = { logger: new CollectingLogger() };
  const input = (url: string) =>
    NATS.openInput(new URL(url), { ...options, maxInFlight: 1, maxAttempts: 5 }).catch(
      ({ message }) => message,
    );
  const output = (url: string) => NATS.openOutput(new URL(url), options).catch(({ message }) => message);

  test.each([
    ['amqp://host?stream=a', 'must start with nats:// or tls://'],
    ['nats://?stream=a', 'names no host'],
    ['nats://host', 'names no stream: add ?stream=NAME'],
    ['nats://host?stream=a&consumer=b.c', 'has consumer=b.c: a name has'],
    ['nats://host?stream=a b', 'has stream=a b: a name has'],
    ['nats://host?stream=a&stream=b', 'has stream twice'],
    [
      'nats://host?stream=a&queue=b',
      'has the unknown parameter queue: allowed are stream, consumer, subject, servers, creds',
    ],
    ['nats://host?stream=a&subject=b..c', 'has subject=b..c: a subject has tokens'],
    ['nats://host?stream=a&subject=b.>.c', 'has subject=b.>.c: a subject has tokens'],
    ['nats://host?stream=a&subject=$JS.a', "doesn't start with $"],
    ['nats://host/a?stream=a', 'has a path: NATS has none'],
    ['nats://host?stream=a&servers=other', 'has other in servers: write host:port'],
    ['nats://user:secret@host?stream=a&creds=file', 'has creds and also a user or token'],
    ['nats://host?stream=a&creds=missing.creds', "The credentials file missing.creds can't be read"],
  ])('of an input queue: %s %s', async (url, problem) => {
    const message = await input(url);
    expect(message).toContain(problem);
    expect(message).not.toContain('secret');
  });

  test.each([
    ['nats://host', 'names no subject: add ?subject=NAME'],
    ['nats://host?subject=a.*', 'has subject=a.*: a subject has tokens'],
    ['nats://host?subject={topic}.a', 'has subject={topic}.a: {topic} may only be the last token'],
    ['nats://host?subject=a&mode=cor', 'has mode=cor: allowed are jetstream and core'],
    ['nats://host?subject=a&mode=core&stream=b', 'has a stream and mode=core'],
    ['nats://%zz:b@host?subject=a', 'has a malformed user name'],
  ])('of an output queue: %s %s', async (url, problem) => {
    expect(await output(url)).toContain(problem);
  });
});
