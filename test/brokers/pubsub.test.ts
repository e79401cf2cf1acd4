import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { PUBSUB } from '../../lib/brokers/pubsub.ts';
import { ConfigurationError } from '../../lib/core/base/errors.ts';
import type { InputQueue } from '../../lib/core/ports/message-source.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { exerciseInputQueue } from '../conformance/input-queue-suite.ts';
import { exerciseOutputQueue } from '../conformance/output-queue-suite.ts';
import { available } from '../support/brokers/available.ts';
import { DroppingProxy } from '../support/brokers/dropping-proxy.ts';
import { receiveOne, sendAll, takeAll } from '../support/brokers/messages.ts';
import { PROJECT, PubSubAdmin, topicPath } from '../support/brokers/pubsub-admin.ts';
import { findPubSubServer, startPubSubServer } from '../support/brokers/pubsub-server.ts';
import type { Server } from '../support/brokers/server.ts';
import { collect, eventually } from '../support/eventually.ts';
import { IN_TIME } from '../support/in-time.ts';
import { DOUBLING_PROCESSOR, WorkerProcess } from '../support/worker-process.ts';

const program = await available('Pub/Sub', findPubSubServer);

describe.runIf(program)("Pub/Sub (Google's test server)", () => {
  let server: Server;
  let port: number;
  let admin: PubSubAdmin;

  beforeAll(async () => {
    ({ server, port } = await startPubSubServer(program ?? ''));
    admin = new PubSubAdmin(port);
  });
  afterAll(async () => {
    await admin[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    vi.unstubAllEnvs();
  });

  const logger = new CollectingLogger();
  const newName = (kind: string) => `${kind}-${crypto.randomUUID()}`;
  const url = (name: string) => new URL(`pubsub://${PROJECT}/${name}`);

  interface Opening {
    readonly port?: number;
    readonly logger?: CollectingLogger;
    readonly maxAttempts?: number;
    readonly ordered?: boolean;
  }

  function connect(at = port): void {
    vi.stubEnv('PUBSUB_EMULATOR_HOST', `127.0.0.1:${at}`);
  }

  async function openInput(name: string, { port: at, ...options }: Opening = {}): Promise<InputQueue> {
    connect(at);
    const input = await PUBSUB.openInput(url(name), { maxInFlight: 100, maxAttempts: 5, logger, ...options });
    onTestFinished(() => input[Symbol.asyncDispose]());
    return input;
  }

  async function openOutput(name: string, { port: at, ...options }: Opening = {}) {
    connect(at);
    const output = await PUBSUB.openOutput(url(name), { logger, ...options });
    onTestFinished(() => output[Symbol.asyncDispose]());
    return output;
  }

  const publish = (name: string, body: string, attributes: Readonly<Record<string, string>> = {}) =>
    admin.publish(name, { data: Buffer.from(body), attributes });

  exerciseInputQueue(
    'an input queue of Pub/Sub',
    async (hiddenSeconds) => {
      const name = newName('input');
      const dead = `${name}-dead`;
      await Promise.all([admin.create(dead), admin.createTopic(`${name}-broker`)]);
      await admin.create(name, {
        ackDeadlineSeconds: Math.min(hiddenSeconds, 600),
        deadLetterPolicy: { deadLetterTopic: topicPath(`${name}-broker`), maxDeliveryAttempts: 100 },
      });
      connect();
      const deadLetters = await PUBSUB.openOutput(url(dead), { logger });
      const open = () =>
        PUBSUB.openInput(url(name), { deadLetters, maxInFlight: 100, maxAttempts: 5, logger });
      let input = await open();
      return {
        send: (body, attributes = {}) => publish(name, body, attributes),
        receive: (max) => input.receive(max, AbortSignal.timeout(100)),
        reopen: async () => {
          await input[Symbol.asyncDispose]();
          input = await open();
        },
        deadLetters: () => admin.drain(dead),
        async [Symbol.asyncDispose]() {
          await input[Symbol.asyncDispose]();
          await deadLetters[Symbol.asyncDispose]();
        },
      };
    },
    {
      ordered: false,
      countsDeliveries: true,
      redelivers: 'after timeout',
      fencesReceipts: true,
      datesFirstDelivery: false,
      reopens: true,
      deadLetters: true,
    },
  );

  exerciseOutputQueue('an output queue of Pub/Sub', async () => {
    const name = newName('output');
    await admin.create(name);
    return {
      queue: await openOutput(name),
      receive: (count) => collect(count, () => admin.drain(name)),
    };
  });

  describe('an input queue', () => {
    test('does not count deliveries unless the subscription has a dead-letter policy', async () => {
      const name = newName('uncounted');
      await admin.create(name);
      const input = await openInput(name);
      await publish(name, 'a');
      const first = await receiveOne(input);
      await first.retryAfter(0);
      const second = await receiveOne(input);
      expect(second.id).toBe(first.id);
      expect(second).not.toHaveProperty('deliveryCount');
      expect(input.capabilities).toMatchObject({ countsDeliveries: false });
      expect(input.capabilities.maxDeliveries).toBeUndefined();
    });

    test('delivers messages of an ordering key in their order, as a group', async () => {
      const name = newName('ordered');
      await admin.create(name, { enableMessageOrdering: true });
      const [input, other] = [
        await openInput(name, { ordered: true }),
        await openInput(name, { ordered: true }),
      ];
      expect(input.capabilities).toMatchObject({ ordered: true });
      const bodies = Array.from({ length: 10 }, (_, nth) => `body ${nth}`);
      await admin.publish(name, ...bodies.map((body) => ({ data: Buffer.from(body), orderingKey: 'key' })));
      for (const body of bodies) {
        const message = await receiveOne(input);
        expect(message).toMatchObject({ body, group: 'key' });
        // While one worker holds a message, no other gets one of the key.
        if (body === 'body 0') expect(await other.receive(1, AbortSignal.timeout(500))).toEqual([]);
        await message.ack();
      }
      await admin.publish(name, { data: Buffer.from('alone') });
      const alone = await receiveOne(input);
      expect(alone.group).toBe(alone.id);
    });

    test('rejects a late acknowledgement with exactly-once delivery, and confirms the others of its call', async () => {
      const name = newName('exact');
      await admin.create(name, { enableExactlyOnceDelivery: true });
      const input = await openInput(name);
      await publish(name, 'a');
      const stale = await receiveOne(input);
      await stale.retryAfter(0);
      const current = await receiveOne(input);
      await publish(name, 'b');
      const other = await receiveOne(input);
      const [late, first, second] = await Promise.allSettled([stale.ack(), current.ack(), other.ack()]);
      expect(late).toMatchObject({
        status: 'rejected',
        reason: new Error("Pub/Sub didn't confirm the settlement: PERMANENT_FAILURE_INVALID_ACK_ID"),
      });
      expect([first.status, second.status]).toEqual(['fulfilled', 'fulfilled']);
      await expect(stale.extend(60)).rejects.toThrow('PERMANENT_FAILURE_INVALID_ACK_ID');
    });

    test('returns what comes after its receive has ended', async () => {
      const [name, empty] = [newName('late'), newName('empty')];
      await admin.create(empty);
      const deadLetterPolicy = { deadLetterTopic: topicPath(empty), maxDeliveryAttempts: 100 };
      await admin.create(name, { ackDeadlineSeconds: 600, deadLetterPolicy });
      const [first, second] = [await openInput(name), await openInput(name)];
      const stop = new AbortController();
      const receiving = first.receive(10, stop.signal);
      stop.abort();
      expect(await receiving).toEqual([]);
      await publish(name, 'a');
      // Its pull goes on, and ends before one that begins later.
      await admin.pull(empty);
      expect(await receiveOne(second)).toMatchObject({ body: 'a', deliveryCount: 2 });
    });

    test('returns what came when it is closed', async () => {
      const name = newName('closed');
      await admin.create(name, { ackDeadlineSeconds: 600 });
      const first = await openInput(name);
      const stop = new AbortController();
      const receiving = first.receive(10, stop.signal);
      stop.abort();
      await receiving;
      await publish(name, 'a');
      await first[Symbol.asyncDispose]();
      expect(await receiveOne(await openInput(name))).toMatchObject({ body: 'a' });
    });

    test('keeps a delayed message out of the way of others', async () => {
      const name = newName('delayed');
      await admin.create(name);
      const input = await openInput(name);
      for (let nth = 0; nth < 5; nth++) await publish(name, 'delayed');
      const messages = await collect(5, () => input.receive(5, AbortSignal.timeout(1_000)));
      await Promise.all(messages.map((message) => message.retryAfter(3_600)));
      await publish(name, 'other');
      expect(await receiveOne(input)).toMatchObject({ body: 'other' });
      expect(input.capabilities.maxDelaySeconds).toBe(600);
    });

    test('delivers the messages of a killed worker again', async () => {
      const name = newName('killed');
      await admin.create(name, { ackDeadlineSeconds: 2 });
      await publish(name, 'a');
      const worker = `
        const { PUBSUB } = await import(${JSON.stringify(new URL('../../lib/brokers/pubsub.ts', import.meta.url))});
        const logger = { warn() {}, info() {}, debug() {}, error() {} };
        const url = new URL(${JSON.stringify(url(name))});
        const input = await PUBSUB.openInput(url, { maxInFlight: 10, maxAttempts: 5, logger });
        const [message] = await input.receive(1, new AbortController().signal);
        process.stdout.write(message.body);
      `;
      connect();
      const child = spawn(process.execPath, ['--input-type=module', '-e', worker], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      const [body] = await once(child.stdout, 'data');
      expect(String(body)).toBe('a');
      child.kill('SIGKILL');
      expect(await receiveOne(await openInput(name))).toMatchObject({ body: 'a' });
    });
  });

  describe('a subscription', () => {
    test.each([
      [
        'with a push endpoint',
        { pushConfig: { pushEndpoint: 'https://example.com' } },
        'modify-push-config NAME --project=coatcheck-tests --push-endpoint=',
      ],
      ['with a filter', { filter: 'attributes.kind = "a"' }, 'has the filter attributes.kind = "a"'],
      ['that exports', { bigqueryConfig: { table: 'p.d.t' } }, 'exports its messages to another service'],
    ])('%s is refused', async (_, settings, problem) => {
      const name = newName('refused');
      await admin.create(name, settings);
      const opening = openInput(name);
      await expect(opening).rejects.toThrow(ConfigurationError);
      await expect(opening).rejects.toThrow(problem.replace('NAME', name));
    });

    test('without message ordering is refused to keep order, and named by the command that creates another', async () => {
      const name = newName('unordered');
      await admin.create(name);
      await expect(openInput(name, { ordered: true })).rejects.toThrow(
        `gcloud pubsub subscriptions create NAME --project=${PROJECT} --topic=projects/${PROJECT}/topics/${name} --enable-message-ordering`,
      );
    });

    test('that dead-letters too early is refused', async () => {
      const name = newName('early');
      await admin.createTopic(`${name}-broker`);
      const deadLetterTopic = topicPath(`${name}-broker`);
      await admin.create(name, { deadLetterPolicy: { deadLetterTopic, maxDeliveryAttempts: 5 } });
      await expect(openInput(name)).rejects.toThrow(
        `update ${name} --project=${PROJECT} --max-delivery-attempts=37, or remove the policy`,
      );
    });

    test('whose policy no attempts fit is refused without a number', async () => {
      const name = newName('many');
      await admin.createTopic(`${name}-broker`);
      const deadLetterTopic = topicPath(`${name}-broker`);
      await admin.create(name, { deadLetterPolicy: { deadLetterTopic, maxDeliveryAttempts: 100 } });
      await openInput(name, { maxAttempts: 36 });
      await expect(openInput(name, { maxAttempts: 37 })).rejects.toThrow(
        `are used up: remove the policy, since the worker dead-letters by itself: gcloud pubsub subscriptions update ${name} --project=${PROJECT} --clear-dead-letter-policy`,
      );
    });

    test('that is missing is refused, with the command that creates it', async () => {
      const opening = openInput('missing');
      await expect(opening).rejects.toThrow(ConfigurationError);
      await expect(opening).rejects.toThrow(
        `The Pub/Sub subscription projects/${PROJECT}/subscriptions/missing can't be used`,
      );
      await expect(opening).rejects.toThrow(
        `gcloud pubsub subscriptions create missing --project=${PROJECT} --topic=TOPIC`,
      );
    });

    test('is used with a line about what it can lose', async () => {
      const lines = new CollectingLogger();
      const name = newName('lossy');
      await admin.create(name, {
        ackDeadlineSeconds: 10,
        retainAckedMessages: true,
        retryPolicy: { minimumBackoff: { seconds: 10 }, maximumBackoff: { seconds: 600 } },
      });
      await openInput(name, { logger: lines });
      const command = `gcloud pubsub subscriptions update ${name} --project=${PROJECT}`;
      expect(lines.lines).toEqual([
        {
          level: 'info',
          message: `The Pub/Sub subscription projects/${PROJECT}/subscriptions/${name} can lose messages in these cases`,
          fields: {
            losses: [
              `messages are deleted after 7 days, processed or not: ${command} --message-retention-duration=31d is the longest time`,
              `the subscription is deleted with its messages when no worker was connected for 31 days: ${command} --expiration-period=never`,
            ],
            hints: [
              expect.stringContaining(`${command} --ack-deadline=60`),
              `its retry policy delays each retry by up to 600 s more: ${command} --clear-retry-policy`,
              `acknowledged messages are kept and paid for: ${command} --no-retain-acked-messages`,
            ],
          },
        },
      ]);
    });
  });

  test('without credentials is refused', async () => {
    vi.stubEnv('PUBSUB_EMULATOR_HOST', '');
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nonexistent/key.json');
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const opening of [
      PUBSUB.openInput(url('requests'), { maxInFlight: 1, maxAttempts: 1, logger }),
      PUBSUB.openOutput(url('outcomes'), { logger }),
    ]) {
      await expect(opening).rejects.toThrow(ConfigurationError);
      await expect(opening).rejects.toThrow("Google's credentials can't be loaded");
    }
  });

  test('with an emulator that is no address is refused', async () => {
    vi.stubEnv('PUBSUB_EMULATOR_HOST', 'emulator');
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(PUBSUB.openOutput(url('outcomes'), { logger })).rejects.toThrow(
      'PUBSUB_EMULATOR_HOST must be host:port, got emulator',
    );
  });

  describe('an output queue', () => {
    test('publishes groups with ordering keys, and bytes', async () => {
      const name = newName('groups');
      await admin.create(name);
      const output = await openOutput(name);
      const messages = [
        { body: 'a', attributes: {}, group: 'x' },
        { body: 'b', attributes: {}, group: 'y' },
        { body: '', bytes: new Uint8Array([0, 255]), attributes: {} },
      ];
      expect(await output.send(messages)).toEqual(messages.map(() => ({ sent: true })));
      const received = await collect(3, () => admin.pull(name));
      expect(received.map(({ orderingKey }) => orderingKey).toSorted()).toEqual(['', 'x', 'y']);
      expect(received.map(({ data }) => data)).toContainEqual(Buffer.from([0, 255]));
    });

    test('refuses what the service would, and sends the rest', async () => {
      const name = newName('limits');
      await admin.create(name);
      const output = await openOutput(name);
      const text = (value: string) => ({ type: 'String', value });
      const many = Object.fromEntries(Array.from({ length: 101 }, (_, nth) => [`a${nth}`, text('')]));
      const results = await output.send([
        { body: 'x'.repeat(10_000_000), attributes: {} },
        { body: 'many', attributes: many },
        { body: 'long', attributes: { name: text('ż'.repeat(513)) } },
        { body: 'name', attributes: { ['n'.repeat(257)]: text('') } },
        { body: 'reserved', attributes: { 'google-x': text('') } },
        { body: '', attributes: {} },
        { body: 'fine', attributes: { name: text('ż'.repeat(512)), ['n'.repeat(256)]: text('') } },
      ]);
      const reasons = results.map((result) =>
        result.sent ? 'sent' : result.refused ? result.reason : 'failed',
      );
      expect(reasons).toEqual([
        "the message is 10000024 bytes; Pub/Sub's limit is 9999000",
        "the message has 101 attributes; Pub/Sub's limit is 100",
        "the value of the attribute name is 1026 bytes; Pub/Sub's limit is 1024",
        expect.stringContaining("is 257 bytes; Pub/Sub's limit is 256"),
        'the attribute google-x has a name reserved by Pub/Sub',
        'the message has neither a body nor an attribute',
        'sent',
      ]);
      expect(await collect(1, () => admin.drain(name))).toMatchObject([{ body: 'fine' }]);
    });

    test.each([
      ['missing', async () => {}, `gcloud pubsub topics create NAME --project=${PROJECT}`],
      [
        'without a subscription',
        (name: string) => admin.createTopic(name),
        `gcloud pubsub subscriptions create NAME --project=${PROJECT} --topic=TOPIC`,
      ],
    ])('refuses a topic that is %s', async (_, prepare, command) => {
      const name = newName('topic');
      await prepare(name);
      const opening = openOutput(name);
      await expect(opening).rejects.toThrow(ConfigurationError);
      await expect(opening).rejects.toThrow(
        command.includes('topics') ? command.replace('NAME', name) : command.replace('TOPIC', name),
      );
    });
  });

  test('a worker reads and writes CloudEvents in binary mode', async () => {
    const [requests, outcomes] = [newName('requests'), newName('outcomes')];
    await Promise.all([admin.create(requests), admin.create(outcomes)]);
    const folder = await mkdtemp(join(tmpdir(), 'coatcheck-pubsub-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    using worker = new WorkerProcess(folder, [DOUBLING_PROCESSOR], {
      PUBSUB_EMULATOR_HOST: `127.0.0.1:${port}`,
      COATCHECK_INPUT: url(requests).href,
      COATCHECK_OUTPUT: url(outcomes).href,
      COATCHECK_OUTPUT_FORMAT: 'cloudevents-binary',
    });
    await worker.started();
    await publish(requests, '{"number":21}', {
      'ce-specversion': '1.0',
      'ce-id': 'order ż',
      'ce-source': '/shop',
      'ce-type': 'ordered',
      'content-type': 'application/json',
    });
    const [outcome] = await collect(1, () => admin.pull(outcomes));
    expect(String(outcome?.data)).toBe('{"double":42}');
    expect(outcome?.attributes).toMatchObject({
      'ce-specversion': '1.0',
      'ce-type': 'coatcheck.request.succeeded',
      'ce-subject': 'order ż',
      'ce-requestsource': '/shop',
      'content-type': 'application/json',
    });
    worker.child.kill('SIGTERM');
    expect(await worker.exit()).toBe(0);
  });

  describe('the server', () => {
    test('may lose a subscription: it is used again once it exists again', async () => {
      const name = newName('deleted');
      await admin.create(name);
      const lines = new CollectingLogger();
      const input = await openInput(name, { logger: lines });
      const receiving = input.receive(1, AbortSignal.timeout(60_000));
      await admin.deleteSubscription(name);
      await expect(receiving).rejects.toThrow('NOT_FOUND');
      const logged = (level: string) => lines.lines.filter((line) => line.level === level);
      await eventually(() =>
        expect(logged('error')).toMatchObject([
          { message: expect.stringContaining(`gcloud pubsub subscriptions create ${name}`) },
        ]),
      );
      await admin.createSubscription(name);
      await publish(name, 'a');
      const message = await receiveOne(input);
      expect(message).toMatchObject({ body: 'a' });
      await message.ack();
      expect(logged('error')).toHaveLength(1);
    });

    test('may restart empty: input and output go on once their resources exist', async () => {
      const own = await startPubSubServer(program ?? '');
      onTestFinished(() => own.server[Symbol.asyncDispose]());
      const createAll = async () => {
        await using another = new PubSubAdmin(own.port);
        await another.create('restarted');
      };
      await createAll();
      const input = await openInput('restarted', own);
      const output = await openOutput('restarted', own);
      const message = { body: 'a', attributes: {} };
      expect(await output.send([message])).toEqual([{ sent: true }]);
      const before = await receiveOne(input);
      await own.server.kill();
      const receiving = input.receive(1, AbortSignal.timeout(60_000));
      await expect(receiving).rejects.toThrow(/./);
      await own.server.start();
      await createAll();
      await eventually(async () => expect(await output.send([message])).toEqual([{ sent: true }]));
      const after = await receiveOne(input);
      // Both have the server's first id.
      expect(after.id).not.toBe(before.id);
      await after.ack();
    });
  });

  describe('the network', () => {
    test('may be cut: a settlement waits for the next connection', async () => {
      await using proxy = await DroppingProxy.to(port);
      const name = newName('cut');
      await admin.create(name);
      const input = await openInput(name, { port: proxy.port });
      await publish(name, 'a');
      const message = await receiveOne(input);
      const receiving = input.receive(1, AbortSignal.timeout(60_000));
      proxy.cut();
      await expect(receiving).rejects.toThrow(/./);
      await expect(input.receive(1, AbortSignal.timeout(60_000))).rejects.toThrow(
        `Pub/Sub at projects/${PROJECT}/subscriptions/${name} is unreachable`,
      );
      const settling = message.retryAfter(0);
      proxy.restore();
      await settling;
      expect(await receiveOne(input)).toMatchObject({ id: message.id });
    });

    test('may be cut again and again: no message is lost', async () => {
      await using proxy = await DroppingProxy.to(port);
      const name = newName('chaos');
      await admin.create(name, { ackDeadlineSeconds: 2 });
      const input = await openInput(name, { port: proxy.port });
      const output = await openOutput(name, { port: proxy.port });
      const bodies = Array.from({ length: 400 }, (_, nth) => `body ${nth}`);
      const seen = new Set<string>();
      const cut = async () => {
        for (const count of [60, 150, 300]) {
          await vi.waitFor(() => expect(seen.size).toBeGreaterThanOrEqual(count), {
            ...IN_TIME,
            interval: 1,
          });
          proxy.cut();
          await eventually(() => expect(proxy.connections).toBe(0));
          proxy.restore();
        }
      };
      await Promise.all([sendAll(output, bodies), takeAll(input, bodies.length, seen), cut()]);
      expect(seen).toEqual(new Set(bodies));
      await eventually(async () => {
        const messages = await input.receive(10, AbortSignal.timeout(2_500));
        await Promise.all(messages.map((message) => message.ack()));
        expect(messages).toEqual([]);
      });
    });

    test('may go silent: a settlement is repeated, and a message without a reply is a failure', async () => {
      await using proxy = await DroppingProxy.to(port);
      const name = newName('silent');
      await admin.create(name);
      const input = await openInput(name, { port: proxy.port });
      const output = await openOutput(name, { port: proxy.port });
      const message = { body: 'a', attributes: {} };
      expect(await output.send([message])).toEqual([{ sent: true }]);
      const received = await receiveOne(input);
      proxy.silence();
      const settling = expect(received.ack()).rejects.toThrow("Pub/Sub didn't confirm the settlement");
      const [result] = await output.send([message]);
      expect(result).toMatchObject({
        sent: false,
        refused: false,
        reason: expect.stringContaining('DEADLINE_EXCEEDED'),
      });
      await settling;
      proxy.restore();
      await eventually(async () => expect(await output.send([message])).toEqual([{ sent: true }]));
      await eventually(() => received.ack());
    });
  });
});
