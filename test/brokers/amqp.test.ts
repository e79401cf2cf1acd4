import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type ConfirmChannel, connect, type Options } from 'amqplib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { declareLevel, levelName } from '../../lib/brokers/amqp/delays.ts';
import { decodeMessage } from '../../lib/brokers/amqp/message.ts';
import { declareQueue } from '../../lib/brokers/amqp/queue.ts';
import { AMQP } from '../../lib/brokers/amqp.ts';
import { ConfigurationError } from '../../lib/core/base/errors.ts';
import type { OutputMessage } from '../../lib/core/ports/message-sink.ts';
import type { Logger } from '../../lib/core/ports/telemetry.ts';
import { forwardedMessage } from '../../lib/core/wire/forwarded-message.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { exerciseInputQueue } from '../conformance/input-queue-suite.ts';
import { exerciseOrderedQueue } from '../conformance/ordered-queue-suite.ts';
import { exerciseOutputQueue } from '../conformance/output-queue-suite.ts';
import { available } from '../support/brokers/available.ts';
import { DroppingProxy } from '../support/brokers/dropping-proxy.ts';
import { receiveOne, receiveSoon } from '../support/brokers/messages.ts';
import { findRabbitMq, type RabbitMqServer, startRabbitMq } from '../support/brokers/rabbitmq-server.ts';
import { collect, eventually } from '../support/eventually.ts';

const logger = new CollectingLogger();

const programs = await available('RabbitMQ', findRabbitMq);

describe.runIf(programs)('RabbitMQ', () => {
  let rabbit: RabbitMqServer;
  let client: Promise<ConfirmChannel> | undefined;

  beforeAll(async () => {
    rabbit = await startRabbitMq(programs ?? '');
  });
  afterAll(() => rabbit[Symbol.asyncDispose]());

  /** A channel of the tests' own client. A restart of the server or a refused call ends it. */
  function channel(): Promise<ConfirmChannel> {
    client ??= open();
    return client;

    async function open() {
      const model = await connect({ hostname: '127.0.0.1', port: rabbit.port });
      const opened = await model.createConfirmChannel();
      for (const emitter of [model, opened]) {
        emitter.on('error', () => {});
        emitter.on('close', () => {
          client = undefined;
        });
      }
      return opened;
    }
  }

  /** Declares a queue without the second's wait for a new one, which is for servers that are killed. */
  async function declareAhead(queue: string, { ordered = false, delayLevels = 1 } = {}): Promise<void> {
    const model = await connect({ hostname: '127.0.0.1', port: rabbit.port });
    await declareQueue(model, queue, { ordered });
    for (let level = 0; level < delayLevels; level++) await declareLevel(model, queue, level);
    await model.close();
  }

  const url = (parameters: string, port = rabbit.port) => new URL(`amqp://127.0.0.1:${port}?${parameters}`);
  const newName = (kind: string) => `${kind}-${crypto.randomUUID()}`;

  /** An input queue that is closed after the test. */
  async function openInput(
    parameters: string,
    options: { port?: number; logger?: Logger; maxInFlight?: number; ordered?: boolean } = {},
  ) {
    const { port, ...others } = options;
    const settings = { maxInFlight: 100, maxAttempts: 5, logger, ...others };
    const input = await AMQP.openInput(url(parameters, port), settings);
    onTestFinished(() => input[Symbol.asyncDispose]());
    return input;
  }

  /** An output queue that is closed after the test. */
  async function openOutput(parameters: string, port?: number) {
    const output = await AMQP.openOutput(url(parameters, port), { logger });
    onTestFinished(() => output[Symbol.asyncDispose]());
    return output;
  }

  async function send(queue: string, body: string | Buffer, options: Options.Publish = {}): Promise<void> {
    const open = await channel();
    open.sendToQueue(queue, Buffer.from(body), options);
    await open.waitForConfirms();
  }

  /** Takes all messages that are in a queue. */
  async function drain(queue: string): Promise<OutputMessage[]> {
    const messages: OutputMessage[] = [];
    for (;;) {
      const got = await (await channel()).get(queue, { noAck: true });
      if (!got) return messages;
      messages.push(forwardedMessage(decodeMessage(got)));
    }
  }

  exerciseInputQueue(
    'an input queue of RabbitMQ',
    async () => {
      const queue = newName('input');
      // Settlements that defer for long end within 10 seconds only if the queues for that exist.
      await Promise.all([declareAhead(queue, { delayLevels: 12 }), declareAhead(`${queue}-dead`)]);
      const dead = await AMQP.openOutput(url(`queue=${queue}-dead`), { logger });
      const open = () =>
        AMQP.openInput(url(`queue=${queue}`), {
          deadLetters: dead,
          maxInFlight: 100,
          maxAttempts: 5,
          logger,
        });
      let input = await open();
      return {
        send: (body, headers = {}) => send(queue, body, { headers }),
        receive: (max) => input.receive(max, AbortSignal.timeout(100)),
        reopen: async () => {
          await input[Symbol.asyncDispose]();
          input = await open();
        },
        deadLetters: () => drain(`${queue}-dead`),
        async [Symbol.asyncDispose]() {
          await input[Symbol.asyncDispose]();
          await dead[Symbol.asyncDispose]();
        },
      };
    },
    {
      ordered: false,
      countsDeliveries: true,
      redelivers: 'after disconnect',
      fencesReceipts: true,
      datesFirstDelivery: false,
      reopens: true,
      deadLetters: true,
    },
  );

  exerciseOrderedQueue('an input queue of RabbitMQ with order', async () => {
    const queue = newName('ordered');
    const options = { ordered: true, maxInFlight: 1_000, maxAttempts: 5, logger };
    const open = () => AMQP.openInput(url(`queue=${queue}`), options);
    await declareAhead(queue, { ordered: true, delayLevels: 0 });
    return {
      send: (key, body) => send(queue, body, { headers: { OrderingKey: key }, messageId: body }),
      open,
    };
  });

  exerciseOutputQueue('an output queue of RabbitMQ', async () => {
    const queue = newName('output');
    await declareAhead(queue);
    const output = await openOutput(`queue=${queue}`);
    return { queue: output, receive: (count) => collect(count, () => drain(queue)) };
  });

  describe('an input queue', () => {
    test('is declared as a quorum queue, and one that may lose messages is refused', async () => {
      const [fresh, classic, small] = [newName('fresh'), newName('classic'), newName('small')];
      await openInput(`queue=${fresh}`);
      const open = await channel();
      await open.assertQueue(fresh, {
        arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 },
      });
      await open.assertQueue(classic);
      const limited = { 'x-queue-type': 'quorum', 'x-delivery-limit': 5, 'x-dead-letter-exchange': 'x' };
      await open.assertQueue(small, { arguments: limited });
      for (const [queue, problem] of [
        [classic, 'is a classic queue'],
        [small, 'has the delivery limit 5, less than 100'],
      ]) {
        const opening = openInput(`queue=${queue}`);
        await expect(opening).rejects.toThrow(ConfigurationError);
        await expect(opening).rejects.toThrow(problem);
      }
    });

    test('says at start that it ends messages by their age, and so does an output', async () => {
      const queue = newName('aging');
      const open = await channel();
      const aging = { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000, 'x-message-ttl': 60_000 };
      await open.assertQueue(queue, { arguments: aging });
      const log = new CollectingLogger();
      await openInput(`queue=${queue}`, { logger: log });
      await using _output = await AMQP.openOutput(url(`queue=${queue}`), { logger: log });
      const line = {
        level: 'warn',
        message: expect.stringContaining(queue),
        fields: { milliseconds: 60_000 },
      };
      expect(log.lines).toMatchObject([line, line]);
    });

    test('declares a queue of delays again that was deleted, and what waited for it goes on', async () => {
      const queue = newName('undelayed');
      await declareAhead(queue, { delayLevels: 2 });
      const input = await openInput(`queue=${queue}`);
      for (const body of ['waits', 'is held']) await send(queue, body);
      const [waiting, held] = await collect(2, () => receiveSoon(input));
      // Two seconds, then one: it waits behind the first queue until there is the second one.
      await waiting?.retryAfter(3);
      await (await channel()).deleteQueue(levelName(queue, 0));
      // The worker itself, as the server has no place for it.
      await held?.retryAfter(1);
      const again = await receiveOne(input);
      expect(again.body).toBe('is held');
      await again.retryAfter(1);
      const both = await collect(2, () => receiveSoon(input));
      expect(both.map(({ body }) => body).toSorted()).toEqual(['is held', 'waits']);
    });

    test('with order must deliver to one worker at a time', async () => {
      const queue = newName('unordered');
      await openInput(`queue=${queue}`);
      const opening = openInput(`queue=${queue}`, { ordered: true });
      await expect(opening).rejects.toThrow(ConfigurationError);
      await expect(opening).rejects.toThrow('declare it with x-single-active-consumer = true');
    });

    test.each([
      ['me:wrong@127.0.0.1', '', 'refuses the user me: Handshake terminated by server: 403'],
      ['127.0.0.1', 'missing', 'refuses the user guest: Expected ConnectionOpenOk'],
    ])('of %s/%s is refused', async (host, vhost, problem) => {
      const wrong = new URL(`amqp://${host}:${rabbit.port}/${vhost}?queue=q`);
      const opening = AMQP.openInput(wrong, { maxInFlight: 1, maxAttempts: 1, logger });
      await expect(opening).rejects.toThrow(ConfigurationError);
      await expect(opening).rejects.toThrow(problem);
    });

    test('delivers bytes, and the same message after a requeue and after a delay', async () => {
      const queue = newName('bytes');
      const input = await openInput(`queue=${queue}`);
      // In this order, which RabbitMQ 3.10 changes. A copy must neither be routed nor expire as the message itself.
      const carbonCopies = newName('cc');
      await (await channel()).assertQueue(carbonCopies);
      const headers = { z: 1, a: { '!': 'timestamp', value: 1_700_000_000 }, b: Buffer.from([255]) };
      const options = { headers, CC: [carbonCopies], userId: 'guest', expiration: '2000' };
      await send(queue, Buffer.from([255, 0, 254]), options);
      const first = await receiveOne(input);
      expect(await drain(carbonCopies)).toHaveLength(1);
      await first.retryAfter(0);
      const second = await receiveOne(input);
      await second.retryAfter(3);
      const third = await receiveOne(input);
      for (const [index, message] of [first, second, third].entries()) {
        expect(message).toMatchObject({
          id: first.id,
          body: '',
          bytes: new Uint8Array([255, 0, 254]),
          attributes: { z: '1', a: '2023-11-14T22:13:20.000Z' },
          typedAttributes: { b: { type: 'Binary', value: new Uint8Array([255]) } },
          deliveryCount: index + 1,
        });
      }
      await third.ack();
      expect(await input.receive(1, AbortSignal.timeout(100))).toEqual([]);
      expect(await drain(carbonCopies)).toEqual([]);
    });

    test('delivers no more than the worker may hold', async () => {
      const queue = newName('prefetch');
      const input = await openInput(`queue=${queue}`, { maxInFlight: 2 });
      for (const body of ['a', 'b', 'c']) await send(queue, body);
      const held = [await receiveOne(input), await receiveOne(input)];
      expect(await input.receive(1, AbortSignal.timeout(200))).toEqual([]);
      await held[0]?.ack();
      expect(await receiveOne(input)).toMatchObject({ body: 'c' });
    });

    test('takes the second settlement of a message for the first one', async () => {
      const queue = newName('twice');
      const input = await openInput(`queue=${queue}`);
      await send(queue, 'a');
      const message = await receiveOne(input);
      await Promise.all([message.ack(), message.ack(), message.retryAfter(0)]);
      await send(queue, 'b');
      expect(await receiveOne(input)).toMatchObject({ body: 'b', deliveryCount: 1 });
    });

    test('settles each message of a turn as it was asked to, in whatever order', async () => {
      const queue = newName('turn');
      const input = await openInput(`queue=${queue}`);
      for (const body of ['a', 'b', 'c', 'd', 'e']) await send(queue, body);
      const [a, b, c, d] = await collect(5, () => input.receive(10, AbortSignal.timeout(100)));
      await Promise.all([d?.ack(), a?.ack(), c?.retryAfter(0), b?.ack()]);
      await input[Symbol.asyncDispose]();
      const left = await drain(queue);
      expect(left.map(({ body }) => body).toSorted()).toEqual(['c', 'e']);
    });

    test('hands back on closing what it holds, and what it has delayed stays delayed', async () => {
      const queue = newName('close');
      await declareAhead(queue, { delayLevels: 12 });
      const input = await openInput(`queue=${queue}`);
      for (const body of ['delayed', 'held', 'buffered']) await send(queue, body);
      const delayed = await receiveOne(input);
      await receiveOne(input);
      const delaying = delayed.retryAfter(3_600);
      await input[Symbol.asyncDispose]();
      await delaying;
      await expect(input.receive(1, AbortSignal.timeout(1_000))).rejects.toThrow('the connection was closed');
      const next = await openInput(`queue=${queue}`);
      const bodies = [(await receiveOne(next)).body, (await receiveOne(next)).body];
      expect(bodies.toSorted()).toEqual(['buffered', 'held']);
      expect(await next.receive(1, AbortSignal.timeout(100))).toEqual([]);
    });

    test('is declared again after it was deleted', async () => {
      const queue = newName('deleted');
      const input = await openInput(`queue=${queue}`);
      const receiving = expect(input.receive(1, AbortSignal.timeout(60_000))).rejects.toThrow(
        'RabbitMQ cancelled the consumer: the queue was deleted',
      );
      await (await channel()).deleteQueue(queue);
      await receiving;
      // RabbitMQ may reject messages for some time after a queue was declared.
      await eventually(async () => {
        await (await channel()).checkQueue(queue);
        await send(queue, 'a');
      });
      await (await receiveOne(input)).retryAfter(2);
      expect(await receiveOne(input)).toMatchObject({ body: 'a', deliveryCount: 2 });
    });

    test('delivers the messages of a killed worker again', async () => {
      const queue = newName('killed');
      const output = await openOutput(`queue=${queue}`);
      await output.send([{ body: 'a', attributes: {} }]);
      const module = new URL('../../lib/brokers/amqp.ts', import.meta.url);
      const worker = `
        const { AMQP } = await import(${JSON.stringify(module)});
        const logger = { warn() {}, info() {}, debug() {}, error() {} };
        const input = await AMQP.openInput(new URL(${JSON.stringify(url(`queue=${queue}`))}), { maxInFlight: 10, maxAttempts: 5, logger });
        const [message] = await input.receive(1, new AbortController().signal);
        process.stdout.write(message.body);
      `;
      const child = spawn(process.execPath, ['--input-type=module', '-e', worker], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      const [body] = await once(child.stdout, 'data');
      expect(String(body)).toBe('a');
      child.kill('SIGKILL');
      const input = await openInput(`queue=${queue}`);
      const message = await receiveOne(input);
      expect(message).toMatchObject({ body: 'a', deliveryCount: 2 });
    });
  });

  describe('the network', () => {
    test('may be cut: what was received is delivered again, and its first delivery settles nothing', async () => {
      await using proxy = await DroppingProxy.to(rabbit.port);
      const queue = newName('cut');
      const lines = new CollectingLogger();
      const input = await openInput(`queue=${queue}`, { port: proxy.port, logger: lines });
      await send(queue, 'a');
      const stale = await receiveOne(input);
      const receiving = input.receive(1, AbortSignal.timeout(60_000));
      proxy.cut();
      await expect(receiving).rejects.toThrow(/./);
      await expect(input.receive(1, AbortSignal.timeout(60_000))).rejects.toThrow(
        `RabbitMQ at amqp://127.0.0.1:${proxy.port}/ is unreachable`,
      );
      await expect(stale.ack()).rejects.toThrow('RabbitMQ delivers the message again');
      proxy.restore();
      expect(await receiveOne(input)).toMatchObject({ body: 'a', deliveryCount: 2, id: stale.id });
      // One connection receives, one publishes delayed copies.
      await eventually(() => expect(lines.lines.filter(({ level }) => level === 'info')).toHaveLength(2));
      expect(lines.lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
    });

    test('may go silent: a message that isn’t confirmed is a failure', async () => {
      await using proxy = await DroppingProxy.to(rabbit.port);
      const queue = newName('silent');
      const output = await openOutput(`queue=${queue}&heartbeat=1`, proxy.port);
      const message = { body: 'a', attributes: {} };
      proxy.silence();
      expect(await output.send([message])).toMatchObject([{ sent: false, refused: false }]);
      proxy.restore();
      expect(await output.send([message])).toEqual([{ sent: true }]);
      expect(await drain(queue)).toMatchObject([{ body: 'a' }]);
    });
  });

  describe('an output queue', () => {
    test('has an exchange that routes nowhere: a failure, until a queue is bound', async () => {
      const exchange = newName('exchange');
      await expect(openOutput(`exchange=${exchange}`)).rejects.toThrow(ConfigurationError);
      const open = await channel();
      await open.assertExchange(exchange, 'direct');
      const output = await openOutput(`exchange=${exchange}&routingKey=k`);
      const message = { body: 'a', attributes: {} };
      expect(await output.send([message, message])).toEqual([
        { sent: false, refused: false, reason: 'no queue takes it: NO_ROUTE' },
        { sent: false, refused: false, reason: 'no queue takes it: NO_ROUTE' },
      ]);
      await open.assertQueue(exchange);
      await open.bindQueue(exchange, exchange, 'k');
      expect(await output.send([message])).toEqual([{ sent: true }]);
    });

    test('has a topic exchange, to which consumers bind queues by patterns of topics', async () => {
      const exchange = newName('topics');
      const open = await channel();
      await open.assertExchange(exchange, 'topic');
      const output = await openOutput(`exchange=${exchange}&routingKey=outcomes.{topic}`);
      const queues = { images: 'outcomes.images.*.#', all: 'outcomes.#', none: 'outcomes._' };
      for (const [queue, pattern] of Object.entries(queues)) {
        await open.assertQueue(`${exchange}-${queue}`);
        await open.bindQueue(`${exchange}-${queue}`, exchange, pattern);
      }
      const messages = ['images.small', 'images', undefined].map((topic) => ({
        body: topic ?? 'none',
        attributes: {},
        labels: { ...(topic !== undefined && { Topic: { type: 'String', value: topic } }) },
      }));
      expect(await output.send(messages)).toEqual(messages.map(() => ({ sent: true })));
      const bodiesIn = async (queue: string) => {
        const bodies: string[] = [];
        for (;;) {
          const message = await open.get(`${exchange}-${queue}`, { noAck: true });
          if (!message) return bodies;
          bodies.push(message.content.toString());
        }
      };
      expect(await bodiesIn('images')).toEqual(['images.small']);
      expect(await bodiesIn('all')).toEqual(['images.small', 'images', 'none']);
      expect(await bodiesIn('none')).toEqual(['none']);
    });

    test('is full: a failure that says so', async () => {
      const queue = newName('full');
      const limits = { 'x-queue-type': 'quorum', 'x-max-length': 1, 'x-overflow': 'reject-publish' };
      await (await channel()).assertQueue(queue, { arguments: limits });
      const output = await openOutput(`queue=${queue}`);
      const full = {
        sent: false,
        refused: false,
        reason: 'RabbitMQ rejected it: the queue is full, or has no leader',
      };
      await eventually(async () =>
        expect(await output.send([{ body: 'a', attributes: {} }])).toEqual([full]),
      );
    });

    test('takes bytes and attributes of each type, and gives a message that is sent again the same id', async () => {
      const queue = newName('types');
      const output = await openOutput(`queue=${queue}`);
      const message = {
        body: '',
        bytes: new Uint8Array([255, 0]),
        attributes: {
          ContentType: { type: 'String', value: 'text/csv' },
          text: { type: 'String', value: 'ż'.repeat(30_000) },
          flag: { type: 'String.boolean', value: 'true' },
          binary: { type: 'Binary', value: new Uint8Array([0, 255]) },
        },
        group: 'g',
      };
      expect(await output.send([message, message])).toEqual([{ sent: true }, { sent: true }]);
      const open = await channel();
      const [first, second] = [
        await open.get(queue, { noAck: true }),
        await open.get(queue, { noAck: true }),
      ];
      if (!first || !second) throw new Error('two messages were sent');
      expect(first.properties.messageId).toBe(second.properties.messageId);
      expect(first.properties).toMatchObject({ contentType: 'text/csv', deliveryMode: 2 });
      await output.send([message]);
      expect(await drain(queue)).toEqual([message]);
    });

    test.each([
      ['headers of 64 KiB', { a: { type: 'String', value: 'x'.repeat(65_536) } }, "doesn't fit AMQP"],
      ['a name of 256 bytes', { ['x'.repeat(256)]: { type: 'String', value: '' } }, "doesn't fit AMQP"],
      [
        'a header that routes',
        { CC: { type: 'String', value: 'other' } },
        'the header CC has a meaning to RabbitMQ',
      ],
    ])('refuses %s, and takes the others', async (_, attributes, reason) => {
      const queue = newName('headers');
      const output = await openOutput(`queue=${queue}`);
      const results = await output.send([
        { body: 'a', attributes: {} },
        { body: 'b', attributes },
        { body: 'c', attributes: {} },
      ]);
      expect(results).toEqual([
        { sent: true },
        { sent: false, refused: true, reason: expect.stringContaining(reason) },
        { sent: true },
      ]);
      expect((await drain(queue)).map(({ body }) => body)).toEqual(['a', 'c']);
    });
  });

  describe('the server', () => {
    test('out of memory accepts no messages: a failure in time, and delays go on in the worker', async () => {
      const queue = newName('alarm');
      const lines = new CollectingLogger();
      const input = await openInput(`queue=${queue}`, { logger: lines });
      const output = await openOutput(`queue=${queue}`);
      const message = { body: 'a', attributes: {} };
      await output.send([message]);
      const received = await receiveOne(input);
      await rabbit.control('set_vm_memory_high_watermark', '0.000001');
      const [results] = await Promise.all([output.send([message]), received.retryAfter(1)]);
      const reason = expect.stringMatching(
        /^no confirm within 10 s from RabbitMQ, which accepts .*: low on memory$/,
      );
      expect(results).toEqual([{ sent: false, refused: false, reason }]);
      expect(await receiveOne(input)).toMatchObject({ id: received.id, deliveryCount: 2 });
      await Promise.all([
        rabbit.control('set_vm_memory_high_watermark', '0.4'),
        eventually(async () => expect(await output.send([message])).toEqual([{ sent: true }])),
      ]);
      expect(lines.lines.map(({ message: line }) => line)).toContain(
        'RabbitMQ accepts no messages at present',
      );
    });

    test('with a lower limit of message sizes closes the channel, and larger messages are refused then', async () => {
      const queue = newName('size');
      // New channels have the limit, until the server starts again.
      await rabbit.control('eval', 'application:set_env(rabbit, max_message_size, 1000).');
      const output = await openOutput(`queue=${queue}`);
      const small = { body: 'a', attributes: {} };
      const large = { body: 'a'.repeat(1_001), attributes: {} };
      await eventually(async () => expect(await output.send([large])).toMatchObject([{ refused: true }]));
      expect(output.maxMessageBytes).toBe(1_000);
      expect(await output.send([small])).toEqual([{ sent: true }]);
    });

    test.each(['stop', 'kill'] as const)('may %s and start again: nothing is lost', async (end) => {
      const queue = newName(end);
      const input = await openInput(`queue=${queue}`);
      const output = await openOutput(`queue=${queue}`);
      const message = (body: string) => ({ body, attributes: {} });
      await output.send([message('held'), message('delayed'), message('waiting')]);
      const held = await receiveOne(input);
      await (await receiveOne(input)).retryAfter(1);
      await receiveOne(input);
      await rabbit.server[end]();
      await expect(input.receive(1, AbortSignal.timeout(60_000))).rejects.toThrow();
      await expect(held.ack()).rejects.toThrow('RabbitMQ delivers the message again');
      await rabbit.server.start();
      await eventually(async () => expect(await output.send([message('later')])).toEqual([{ sent: true }]));
      const bodies = new Set<string>();
      while (bodies.size < 4) {
        const received = await receiveOne(input);
        bodies.add(received.body);
        await received.ack();
      }
      expect([...bodies].toSorted()).toEqual(['delayed', 'held', 'later', 'waiting']);
    });

    test('may be killed when queues are new: they keep what they have confirmed', async () => {
      const queue = newName('new');
      const input = await openInput(`queue=${queue}`);
      const output = await openOutput(`queue=${queue}`);
      await output.send([{ body: 'delayed', attributes: {} }]);
      const delayed = await receiveOne(input);
      const other = newName('new-output');
      const outcomes = await openOutput(`queue=${other}`);
      // Its queue of 4 seconds is new.
      await Promise.all([delayed.retryAfter(4), outcomes.send([{ body: 'outcome', attributes: {} }])]);
      await rabbit.server.kill();
      await rabbit.server.start();
      const published = await openInput(`queue=${other}`);
      expect((await receiveOne(published)).body).toBe('outcome');
      expect((await receiveOne(input)).body).toBe('delayed');
    });
  });
});
