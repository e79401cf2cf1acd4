import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createClient, RESP_TYPES } from '@redis/client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { decodeEntry } from '../../lib/brokers/redis/entry.ts';
import { REDIS } from '../../lib/brokers/redis.ts';
import { ConfigurationError } from '../../lib/core/base/errors.ts';
import type { OutputMessage } from '../../lib/core/ports/message-sink.ts';
import { forwardedMessage } from '../../lib/core/wire/forwarded-message.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { exerciseInputQueue } from '../conformance/input-queue-suite.ts';
import { exerciseOrderedQueue } from '../conformance/ordered-queue-suite.ts';
import { exerciseOutputQueue } from '../conformance/output-queue-suite.ts';
import { available } from '../support/brokers/available.ts';
import { DroppingProxy } from '../support/brokers/dropping-proxy.ts';
import { receiveOne, sendAll, takeAll } from '../support/brokers/messages.ts';
import { findRedis, findValkey, startRedis } from '../support/brokers/redis-server.ts';
import type { Server } from '../support/brokers/server.ts';
import { collect, eventually } from '../support/eventually.ts';

const logger = new CollectingLogger();

const valkey = await available('Valkey', findValkey);
const redis = await available('Redis', findRedis);

describe.each([
  ['Valkey', valkey],
  ['Redis', redis],
])('%s', (name, program) => {
  if (program === undefined) return test.skip('has no server here');

  /** What differs by version is tested on both; the rest on one, since it takes time. */
  const isFirst = program === valkey;
  const slowTest = test.runIf(isFirst);

  let server: Server;
  let port: number;
  let client: Client;

  beforeAll(async () => {
    ({ server, port } = await startRedis(program));
    client = await connectClient();
  });
  afterAll(async () => {
    client.destroy();
    await server[Symbol.asyncDispose]();
  });

  async function connectClient(): Promise<Client> {
    const connected = newClient(port);
    connected.on('error', () => {});
    return connected.connect();
  }

  const url = (parameters: string, at = port) => new URL(`redis://127.0.0.1:${at}/0?${parameters}`);
  const newName = (kind: string) => `${kind}-${crypto.randomUUID()}`;

  async function openInput(parameters: string, options: { port?: number; logger?: CollectingLogger } = {}) {
    const inputs = { maxInFlight: 100, maxAttempts: 5, logger, ...options };
    const input = await REDIS.openInput(url(parameters, options.port), inputs);
    onTestFinished(() => input[Symbol.asyncDispose]());
    return input;
  }

  async function openOutput(parameters: string, options: { port?: number; logger?: CollectingLogger } = {}) {
    const output = await REDIS.openOutput(url(parameters, options.port), { logger, ...options });
    onTestFinished(() => output[Symbol.asyncDispose]());
    return output;
  }

  const add = (stream: string, fields: Record<string, string | Buffer>) => client.xAdd(stream, '*', fields);

  /** Takes all messages that are in a stream. */
  async function drain(stream: string): Promise<OutputMessage[]> {
    const options = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };
    const entries = await client.sendCommand<[Buffer, Buffer[]][]>(['XRANGE', stream, '-', '+'], options);
    return Promise.all(
      entries.map(async ([id, fields]) => {
        await client.xDel(stream, String(id));
        const entry = { id: String(id), fields, deliveryCount: 1 };
        return forwardedMessage(decodeEntry(entry, { stream, bodyField: 'body' }));
      }),
    );
  }

  exerciseInputQueue(
    `an input queue of ${name}`,
    async (hiddenSeconds) => {
      const stream = newName('input');
      const dead = await REDIS.openOutput(url(`stream=${stream}-dead`), { logger });
      const visibility = Math.min(hiddenSeconds, 3_600);
      const open = () =>
        REDIS.openInput(url(`stream=${stream}&visibility=${visibility}`), {
          deadLetters: dead,
          maxInFlight: 100,
          maxAttempts: 5,
          logger,
        });
      let input = await open();
      return {
        send: async (body, attributes = {}) => void (await add(stream, { body, ...attributes })),
        receive: (max) => input.receive(max, AbortSignal.timeout(100)),
        reopen: async () => {
          await input[Symbol.asyncDispose]();
          input = await open();
        },
        deadLetters: () => drain(`${stream}-dead`),
        async [Symbol.asyncDispose]() {
          await input[Symbol.asyncDispose]();
          await dead[Symbol.asyncDispose]();
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

  exerciseOrderedQueue(`an input queue of ${name} with order`, async () => {
    const stream = newName('ordered');
    const options = { ordered: true, maxInFlight: 1_000, maxAttempts: 5, logger };
    return {
      send: async (OrderingKey, body) => void (await add(stream, { body, OrderingKey })),
      open: () => REDIS.openInput(url(`stream=${stream}&visibility=2`), options),
    };
  });

  test('with order, a worker that has lost its lease receives nothing until it has it again', async () => {
    const stream = newName('fenced');
    const log = new CollectingLogger();
    const options = { ordered: true, maxInFlight: 100, maxAttempts: 5, logger: log };
    const input = await REDIS.openInput(url(`stream=${stream}&visibility=30`), options);
    onTestFinished(() => input[Symbol.asyncDispose]());
    for (const body of ['a', 'b', 'c']) await add(stream, { body });
    const held = await receiveOne(input);
    expect(held.body).toBe('a');
    // As if this worker had been suspended until another one took over.
    await client.del(`{${stream}}:active`);
    await client.zAdd(`{${stream}}:active`, { value: 'another', score: Date.now() + 60_000 });
    await expect(input.receive(1, AbortSignal.timeout(1_000))).rejects.toThrow(
      'another worker receives from',
    );
    await eventually(async () => {
      expect(log.lines.map(({ message }) => message)).toContain(
        'This worker stands by: another one receives',
      );
    });
    expect(await input.receive(1, AbortSignal.timeout(300))).toEqual([]);
    await client.del(`{${stream}}:active`);
    const again = await collect(3, () => input.receive(10, AbortSignal.timeout(1_000)));
    expect(again.map(({ body, deliveryCount }) => `${body} ${deliveryCount}`)).toEqual(['a 2', 'b 1', 'c 1']);
    await expect(held.ack()).rejects.toThrow('was delivered again');
  });

  test('with order, a worker stands by while one of an earlier version has the lease', async () => {
    const stream = newName('earlier');
    const log = new CollectingLogger();
    const options = { ordered: true, maxInFlight: 100, maxAttempts: 5, logger: log };
    await client.set(`{${stream}}:active`, 'a worker', { expiration: { type: 'EX', value: 2 } });
    const input = await REDIS.openInput(url(`stream=${stream}&visibility=30`), options);
    onTestFinished(() => input[Symbol.asyncDispose]());
    await add(stream, { body: 'a' });
    expect((await receiveOne(input)).body).toBe('a');
    expect(log.lines.map(({ message }) => message)).toEqual([
      'This worker stands by: another one receives',
      'This worker receives now',
    ]);
  });

  exerciseOutputQueue(`an output queue of ${name}`, async () => {
    const stream = newName('output');
    return {
      queue: await openOutput(`stream=${stream}`),
      receive: (count) => collect(count, () => drain(stream)),
    };
  });

  describe('an input queue', () => {
    test('deletes what is acknowledged, and its consumer when it is closed', async () => {
      const stream = newName('settled');
      const input = await openInput(`stream=${stream}`);
      for (const body of ['a', 'b', 'c']) await add(stream, { body });
      const messages = await collect(3, () => input.receive(3, AbortSignal.timeout(1_000)));
      await messages[0]?.retryAfter(0);
      await Promise.all(messages.slice(1).map((message) => message.ack()));
      expect(await client.xLen(stream)).toBe(1);
      await (await receiveOne(input)).ack();
      await input[Symbol.asyncDispose]();
      expect(await client.xLen(stream)).toBe(0);
      expect(await client.exists(`{${stream}}:waiting`)).toBe(0);
      expect(await client.xInfoConsumers(stream, 'coatcheck')).toEqual([]);
    });

    test('keeps its consumer as long as a message is pending for it', async () => {
      const stream = newName('kept');
      const input = await openInput(`stream=${stream}`);
      await add(stream, { body: 'a' });
      const message = await receiveOne(input);
      await message.retryAfter(3_600);
      await input[Symbol.asyncDispose]();
      expect(await client.xPending(stream, 'coatcheck')).toMatchObject({ pending: 1 });
    });

    test('takes entries of other producers', async () => {
      const stream = newName('foreign');
      const input = await openInput(`stream=${stream}&body=data`);
      await add(stream, { data: Buffer.from([0, 255]), trace: 't-1' });
      await add(stream, { order: '17', customer: 'Jérôme' });
      expect(await receiveOne(input)).toMatchObject({
        bytes: new Uint8Array([0, 255]),
        attributes: { trace: 't-1' },
      });
      expect(JSON.parse((await receiveOne(input)).body)).toEqual({ order: '17', customer: 'Jérôme' });
      // Fields that the client's own reading methods lose.
      await client.sendCommand(['XADD', stream, '*', 'tag', 'a', 'tag', 'b', '__proto__', 'c']);
      const lost = await receiveOne(input);
      expect(lost.body).toBe('{"tag":["a","b"],"__proto__":"c"}');
      await lost.retryAfter(0);
      expect(await receiveOne(input)).toMatchObject({ body: lost.body, deliveryCount: 2 });
    });

    test('begins with what was in the stream before it', async () => {
      const stream = newName('before');
      await add(stream, { body: 'early' });
      expect(await receiveOne(await openInput(`stream=${stream}`))).toMatchObject({ body: 'early' });
    });

    test('confirms an acknowledgement again, and refuses one of an earlier delivery', async () => {
      const stream = newName('twice');
      const input = await openInput(`stream=${stream}`);
      await add(stream, { body: 'a' });
      const stale = await receiveOne(input);
      await stale.retryAfter(0);
      const current = await receiveOne(input);
      await expect(stale.ack()).rejects.toThrow('was delivered again');
      await current.ack();
      await current.ack();
      await expect(current.retryAfter(1)).rejects.toThrow('is in its consumer group no more');
    });

    slowTest('hides an extended message for several visibility times', async () => {
      const stream = newName('extended');
      const input = await openInput(`stream=${stream}&visibility=3`);
      await add(stream, { body: 'extended' });
      await (await receiveOne(input)).extend(3_600);
      await add(stream, { body: 'other' });
      for (let count = 1; count <= 3; count++) {
        expect(await receiveOne(input)).toMatchObject({ body: 'other', deliveryCount: count });
      }
    });

    test('delivers a message although the set of waiting ones is lost', async () => {
      const stream = newName('set');
      const input = await openInput(`stream=${stream}&visibility=3`);
      await add(stream, { body: 'a' });
      await (await receiveOne(input)).retryAfter(3_600);
      await client.del(`{${stream}}:waiting`);
      expect(await receiveOne(input)).toMatchObject({ body: 'a', deliveryCount: 2 });
    });

    test('creates a deleted stream again, also while it waits for messages', async () => {
      const stream = newName('deleted');
      const lines = new CollectingLogger();
      const input = await openInput(`stream=${stream}`, { logger: lines });
      const receiving = receiveOne(input);
      await eventually(async () => expect(await client.info('clients')).toContain('blocked_clients:1'));
      await client.del(stream);
      await eventually(() =>
        expect(lines.lines.map(({ message }) => message).join()).toContain('was deleted'),
      );
      await add(stream, { body: 'a' });
      const message = await receiving;
      expect(message).toMatchObject({ body: 'a' });
      await message.ack();
    });

    test('reports messages that another client deletes while they are pending', async () => {
      const stream = newName('lost');
      const lines = new CollectingLogger();
      const input = await openInput(`stream=${stream}&visibility=1`, { logger: lines });
      const ids = [await add(stream, { body: 'a' }), await add(stream, { body: 'b' })];
      const [deferred] = await collect(2, () => input.receive(2, AbortSignal.timeout(1_000)));
      await deferred?.retryAfter(1);
      await client.xTrim(stream, 'MAXLEN', 0);
      const reported = () =>
        lines.lines.filter(({ level }) => level === 'error').flatMap(({ fields }) => fields?.ids);
      await eventually(async () => {
        await input.receive(1, AbortSignal.timeout(100));
        expect(reported().toSorted()).toEqual(ids);
      });
    });

    slowTest('delivers the messages of a killed worker again', async () => {
      const stream = newName('killed');
      await add(stream, { body: 'a' });
      const module = new URL('../../lib/brokers/redis.ts', import.meta.url);
      const worker = `
        const { REDIS } = await import(${JSON.stringify(module)});
        const logger = { warn() {}, info() {}, debug() {}, error() {} };
        const url = new URL(${JSON.stringify(url(`stream=${stream}`))});
        const input = await REDIS.openInput(url, { maxInFlight: 10, maxAttempts: 5, logger });
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
      const input = await openInput(`stream=${stream}&visibility=1`);
      expect(await receiveOne(input)).toMatchObject({ body: 'a', deliveryCount: 2 });
    });

    test.each([
      ['another type', async (stream: string) => client.set(stream, 'a'), "isn't a stream, but a string"],
      [
        'an end',
        async (stream: string) => {
          await add(stream, { body: 'a' });
          await client.expire(stream, 100);
        },
        'Call PERSIST',
      ],
      [
        'another group',
        async (stream: string) => client.xGroupCreate(stream, 'audit', '0', { MKSTREAM: true }),
        'has other consumer groups (audit)',
      ],
    ])('refuses a key with %s', async (_, prepare, problem) => {
      const stream = newName('refused');
      await prepare(stream);
      const opening = openInput(`stream=${stream}`);
      await expect(opening).rejects.toThrow(ConfigurationError);
      await expect(opening).rejects.toThrow(problem);
    });
  });

  describe('the server', () => {
    async function withSetting(setting: string, value: string, act: () => Promise<void>): Promise<void> {
      const before = (await client.configGet(setting))[setting] ?? '';
      await client.configSet(setting, value);
      try {
        await act();
      } finally {
        await client.configSet(setting, before);
      }
    }

    test('is refused if it may delete streams when its memory is full', () =>
      withSetting('maxmemory-policy', 'allkeys-lru', async () => {
        for (const open of [openInput, openOutput]) {
          const opening = open('stream=a');
          await expect(opening).rejects.toThrow(ConfigurationError);
          await expect(opening).rejects.toThrow('CONFIG SET maxmemory-policy noeviction');
        }
      }));

    test.each([
      ['appendfsync', 'everysec', 'a power failure loses those of about a second'],
      ['appendonly', 'no', 'a crash loses all since its last snapshot'],
    ])('with %s = %s is used with a warning', (setting, value, warning) =>
      withSetting(setting, value, async () => {
        const lines = new CollectingLogger();
        const stream = newName('durability');
        await openInput(`stream=${stream}`, { logger: lines });
        const message = expect.stringContaining(warning);
        expect(lines.lines).toMatchObject([{ level: 'warn', message, fields: { stream } }]);
      }),
    );

    test('refuses a wrong password, and lets a user without administration work', async () => {
      const stream = newName('user');
      const commands = ['+@stream', '+@scripting', '+@sortedset', '+@connection', '+time', '+type', '+ttl'];
      await client.sendCommand([
        'ACL',
        'SETUSER',
        'worker',
        'on',
        '>secret',
        '~*',
        ...commands,
        '-client|unblock',
      ]);
      const address = (password: string) => {
        const withLogin = url(`stream=${stream}`);
        withLogin.username = 'worker';
        withLogin.password = password;
        return withLogin;
      };
      const options = { maxInFlight: 1, maxAttempts: 1, logger };
      const refused = REDIS.openInput(address('wrong'), options);
      await expect(refused).rejects.toThrow(ConfigurationError);
      await expect(refused).rejects.toThrow('refuses the user worker: WRONGPASS');
      const input = await REDIS.openInput(address('secret'), options);
      onTestFinished(() => input[Symbol.asyncDispose]());
      const receiving = receiveOne(input);
      await add(stream, { body: 'a' });
      await (await receiving).retryAfter(0);
      await (await receiveOne(input)).ack();
      expect(await client.xLen(stream)).toBe(0);
      const ordered = await REDIS.openInput(address('secret'), { ...options, ordered: true });
      onTestFinished(() => ordered[Symbol.asyncDispose]());
      await add(stream, { body: 'b' });
      expect((await receiveOne(ordered)).body).toBe('b');
    });

    test('with a full memory accepts no messages, and settles those it has', async () => {
      const stream = newName('full');
      const lines = new CollectingLogger();
      const input = await openInput(`stream=${stream}`, { logger: lines });
      const output = await openOutput(`stream=${stream}`, { logger: lines });
      const message = { body: 'a', attributes: {} };
      expect(await output.send([message, message])).toEqual([{ sent: true }, { sent: true }]);
      const [first, second] = await collect(2, () => input.receive(2, AbortSignal.timeout(1_000)));
      await withSetting('maxmemory', '1', async () => {
        const reason = expect.stringMatching(/^OOM/);
        expect(await output.send([message])).toEqual([{ sent: false, refused: false, reason }]);
        await first?.ack();
        await second?.extend(30);
        await second?.retryAfter(0);
        await (await receiveOne(input)).ack();
      });
      expect(await output.send([message])).toEqual([{ sent: true }]);
      expect(lines.lines.map(({ message: line }) => line)).toEqual([
        'Redis accepts no messages at present: its memory is full',
        'Redis accepts messages again',
      ]);
    });

    test('with order, a worker keeps its lease when the memory is full, whatever is evicted', async () => {
      const stream = newName('evicted');
      const options = { ordered: true, maxInFlight: 100, maxAttempts: 5, logger };
      const input = await REDIS.openInput(url(`stream=${stream}&visibility=30`), options);
      onTestFinished(() => input[Symbol.asyncDispose]());
      await add(stream, { body: 'a' });
      const held = await receiveOne(input);
      await withSetting('maxmemory-policy', 'volatile-lru', () =>
        withSetting('maxmemory', '1', async () => {
          await expect(add(stream, { body: 'b' })).rejects.toThrow('OOM');
          expect(await input.receive(1, AbortSignal.timeout(300))).toEqual([]);
          await held.ack();
        }),
      );
    });

    test('may become a replica: a settlement waits for the primary', async () => {
      const stream = newName('replica');
      const input = await openInput(`stream=${stream}`);
      await add(stream, { body: 'a' });
      const message = await receiveOne(input);
      const receiving = input.receive(1, AbortSignal.timeout(60_000));
      await client.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
      onTestFinished(() => client.sendCommand(['REPLICAOF', 'NO', 'ONE']));
      await expect(receiving).rejects.toThrow(/./);
      const settling = message.ack();
      await eventually(() =>
        expect(input.receive(1, AbortSignal.timeout(60_000))).rejects.toThrow('takes no writes: READONLY'),
      );
      await client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
      await settling;
      expect(await client.xLen(stream)).toBe(0);
    });

    slowTest.each(['stop', 'kill'] as const)('may restart after %s: nothing is lost', async (end) => {
      const stream = newName('restart');
      const lines = new CollectingLogger();
      const input = await openInput(`stream=${stream}&visibility=30`, { logger: lines });
      const output = await openOutput(`stream=${stream}`);
      const send = (body: string) => output.send([{ body, attributes: {} }]);
      for (const body of ['acknowledged', 'deferred', 'settled late', 'new']) await send(body);
      const held = await collect(3, () => input.receive(3, AbortSignal.timeout(1_000)));
      await held[0]?.ack();
      await held[1]?.retryAfter(1);
      await server[end]();
      await expect(input.receive(1, AbortSignal.timeout(60_000))).rejects.toThrow(/./);
      const settling = held[2]?.ack();
      await server.start();
      await settling;
      await eventually(async () => expect(await send('after')).toEqual([{ sent: true }]));
      const bodies: string[] = [];
      while (!bodies.includes('after') || bodies.length < 3) {
        const message = await receiveOne(input);
        bodies.push(message.body);
        await message.ack();
      }
      expect(bodies.toSorted()).toEqual(['after', 'deferred', 'new']);
      await eventually(() => client.ping());
      expect(await client.xLen(stream)).toBe(0);
      const outages = lines.lines.filter(({ level }) => level === 'warn');
      expect(outages).toMatchObject([
        { message: expect.stringMatching(/^The connection to Redis at .* was lost/) },
      ]);
    });
  });

  slowTest('no accepted message is lost while the server is killed again and again', async () => {
    const stream = newName('chaos');
    const input = await openInput(`stream=${stream}&visibility=1`);
    const output = await openOutput(`stream=${stream}`);
    const bodies = Array.from({ length: 600 }, (_, nth) => `body ${nth}`);
    const seen = new Set<string>();
    const kill = async () => {
      for (const count of [100, 250, 400]) {
        await eventually(() => expect(seen.size).toBeGreaterThanOrEqual(count));
        await server.kill();
        await server.start();
      }
    };
    await Promise.all([sendAll(output, bodies), takeAll(input, bodies.length, seen), kill()]);
    expect(seen).toEqual(new Set(bodies));
    await eventually(async () => {
      const messages = await input.receive(10, AbortSignal.timeout(100));
      await Promise.all(messages.map((message) => message.ack()));
      expect(await client.xLen(stream)).toBe(0);
    });
  });

  describe.runIf(isFirst)('the network', () => {
    test('may be cut: a settlement waits for the next connection', async () => {
      await using proxy = await DroppingProxy.to(port);
      const stream = newName('cut');
      const input = await openInput(`stream=${stream}`, { port: proxy.port });
      await add(stream, { body: 'a' });
      const message = await receiveOne(input);
      const receiving = input.receive(1, AbortSignal.timeout(60_000));
      proxy.cut();
      await expect(receiving).rejects.toThrow(/./);
      await expect(input.receive(1, AbortSignal.timeout(60_000))).rejects.toThrow(
        `Redis at redis://127.0.0.1:${proxy.port}/0 is unreachable`,
      );
      const settling = message.ack();
      proxy.restore();
      await settling;
      expect(await client.xLen(stream)).toBe(0);
    });

    test('may go silent: a message without a reply is a failure', async () => {
      await using proxy = await DroppingProxy.to(port);
      const stream = newName('silent');
      const output = await openOutput(`stream=${stream}`, { port: proxy.port });
      const message = { body: 'a', attributes: {} };
      proxy.silence();
      const reason = "Redis didn't reply within 10 s";
      expect(await output.send([message])).toEqual([{ sent: false, refused: false, reason }]);
      proxy.restore();
      await eventually(async () => expect(await output.send([message])).toEqual([{ sent: true }]));
      expect(await drain(stream)).toMatchObject([{ body: 'a' }]);
    });
  });
});

type Client = ReturnType<typeof newClient>;

function newClient(port: number) {
  return createClient({ RESP: 2, socket: { host: '127.0.0.1', port } });
}
