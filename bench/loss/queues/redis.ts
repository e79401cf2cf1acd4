import { createClient } from '@redis/client';
import { findRedis, findValkey, startRedis } from '../../../test/support/brokers/redis-server.ts';
import { QUEUES } from '../job.ts';
import type { Queues } from './queues.ts';

/** The servers of the table. */
export const REDIS_SERVERS = {
  'Valkey everysec': {
    find: findValkey,
    durability: ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'],
  },
  'Valkey always': {
    find: findValkey,
    durability: ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
  },
  'Redis, default settings': { find: findRedis, durability: [] },
} as const;

/** A server without queues, for systems that have their own. */
export async function startRedisServer(kind: keyof typeof REDIS_SERVERS) {
  const { find, durability } = REDIS_SERVERS[kind];
  const { server, port } = await startRedis(await find(), [], durability);
  const client = createClient({ socket: { port, reconnectStrategy: () => 100 }, disableOfflineQueue: true });
  client.on('error', () => {});
  await client.connect();
  /** What the server has used. */
  const cpuSeconds = async () => {
    const text = await client.info('cpu');
    const used = [...text.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)];
    return used.reduce((sum, [, seconds]) => sum + Number(seconds), 0);
  };
  return { server, port, client, cpuSeconds };
}

/** Streams. */
export async function startRedisQueues(kind: keyof typeof REDIS_SERVERS): Promise<Queues> {
  const { server, port, client } = await startRedisServer(kind);
  const bodiesIn = async (stream: string) =>
    ((await client.xRange(stream, '-', '+')) ?? []).map(({ message }) => String(message.body));
  return {
    broker: server,
    urlOf: (queue) => `redis://127.0.0.1:${port}?stream=${queue}`,
    submit: async ({ id, body }) => {
      await client.xAdd(QUEUES.input, '*', { body, RequestId: id });
    },
    published: () => bodiesIn(QUEUES.output),
    unsettled: () => bodiesIn(QUEUES.input),
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}
