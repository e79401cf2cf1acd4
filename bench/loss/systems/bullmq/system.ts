import { join } from 'node:path';
import { installJsPeers } from '../../../../test/support/peers/js.ts';
import { QUEUES, VARIABLES } from '../../job.ts';
import { startRedisServer } from '../../queues/redis.ts';
import type { System } from '../../system.ts';
import { loadBullMq } from './bullmq.ts';

const KEY = `bull:${QUEUES.input}`;

export const BULLMQ: System = {
  name: 'BullMQ 6.7.0, Valkey everysec',
  isPromised: false,
  async open() {
    const { folder } = await installJsPeers('queues-js');
    const { server, port, client } = await startRedisServer('Valkey everysec');
    const { Queue } = loadBullMq(folder);
    const queue = new Queue(QUEUES.input, { connection: { port } });
    queue.on('error', () => {});
    const jobsIn = async (state: 'completed' | 'failed') =>
      Promise.all(
        (await client.zRange(`${KEY}:${state}`, 0, -1)).map(async (id) => {
          const result = await client.hGet(`${KEY}:${id}`, 'returnvalue');
          return { job: Number(id.replace('job-', '')), result: result ? JSON.parse(result) : undefined };
        }),
      );
    return {
      broker: server,
      worker: {
        command: process.execPath,
        args: [join(import.meta.dirname, 'worker.ts')],
        env: { [VARIABLES.url]: `redis://127.0.0.1:${port}`, [VARIABLES.peers]: folder },
      },
      submit: async (job) => {
        await queue.add('job', { job }, { jobId: `job-${job}` });
      },
      outcomes: async () => [...(await jobsIn('completed')), ...(await jobsIn('failed'))],
      [Symbol.asyncDispose]: async () => {
        await queue.close();
        client.destroy();
        await server[Symbol.asyncDispose]();
      },
    };
  },
};
