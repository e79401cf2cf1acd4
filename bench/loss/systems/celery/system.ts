import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { installPythonPeers } from '../../../../test/support/peers/python.ts';
import { CONCURRENCY, VARIABLES } from '../../job.ts';
import { startRedisServer } from '../../queues/redis.ts';
import type { System } from '../../system.ts';

export const CELERY = celery('Celery 5.7.0, Valkey everysec', '0');

export const CELERY_ACKS_LATE = celery('Celery 5.7.0 with acks_late, Valkey everysec', '1');

function celery(name: string, acksLate: '0' | '1'): System {
  return {
    name,
    isPromised: false,
    async open() {
      const python = await installPythonPeers('queues-python');
      const { server, port, client } = await startRedisServer('Valkey everysec');
      const env = {
        [VARIABLES.url]: `redis://127.0.0.1:${port}/0`,
        LOSS_ACKS_LATE: acksLate,
        PYTHONDONTWRITEBYTECODE: '1',
      };
      const producer = startProducer(python, env);
      return {
        broker: server,
        worker: {
          command: python,
          args: ['-m', 'celery', '-A', 'loss_tasks', 'worker', '--concurrency', String(CONCURRENCY)],
          cwd: import.meta.dirname,
          env,
        },
        submit: producer.submit,
        outcomes: async () => {
          const keys = await client.keys('celery-task-meta-*');
          const values = keys.length > 0 ? await client.mGet(keys) : [];
          return values.flatMap((value) => {
            if (value === null) return [];
            const { task_id, status, result } = JSON.parse(value);
            const job = Number(String(task_id).replace('job-', ''));
            return [{ job, result: status === 'SUCCESS' ? result : undefined }];
          });
        },
        [Symbol.asyncDispose]: async () => {
          producer.stop();
          client.destroy();
          await server[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/** Hands in tasks by Celery itself, which alone can do it. */
function startProducer(python: string, env: Readonly<Record<string, string>>) {
  const child = spawn(python, ['loss_tasks.py'], {
    cwd: import.meta.dirname,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  createInterface(child.stdout).on('line', (line) => {
    const [answer, job] = line.split(' ');
    const { resolve, reject } = waiting.get(Number(job)) ?? {};
    if (answer === 'accepted') resolve?.();
    else reject?.(new Error(line));
  });
  return {
    submit: (job: number) => {
      const answer = Promise.withResolvers<void>();
      waiting.set(job, answer);
      child.stdin.write(`${job}\n`);
      return answer.promise;
    },
    stop: () => child.kill('SIGKILL'),
  };
}
