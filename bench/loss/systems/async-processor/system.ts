import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { freePort } from '../../../../test/local/free-port.ts';
import { installPythonPeers } from '../../../../test/support/peers/python.ts';
import { CONCURRENCY, QUEUES } from '../../job.ts';
import { startNatsQueues } from '../../queues/nats.ts';
import { type Queues, unsettledJobs } from '../../queues/queues.ts';
import { startRabbitMqQueues } from '../../queues/rabbitmq.ts';
import type { RunningSystem, System } from '../../system.ts';

export const ASYNC_PROCESSOR_ON_RABBITMQ: System = {
  name: 'async-processor 1.0.0, RabbitMQ',
  isPromised: false,
  async open() {
    const queues = await startRabbitMqQueues();
    const url = queues.urlOf('').replace(/\?.*/, '');
    return running(queues, {
      input_config: { type: 'amqp', url, queue_name: QUEUES.input },
      output_config: { type: 'amqp', url, routing_key: QUEUES.output },
    });
  },
};

export const ASYNC_PROCESSOR_ON_NATS: System = {
  name: 'async-processor 1.0.0, NATS',
  isPromised: false,
  async open() {
    const queues = await startNatsQueues((queue, id) => `${queue}.${id}`);
    const nats_url = queues.urlOf('').replace(/\?.*/, '');
    const connection = await connect({ servers: nats_url });
    const manager = await jetstreamManager(connection);
    await manager.consumers.add(QUEUES.input, { durable_name: 'workers', ack_policy: AckPolicy.Explicit });
    await connection.close();
    const stream = { root_subject: QUEUES.input, stream_name: QUEUES.input, consumer_name: 'workers' };
    return running(queues, {
      input_config: { type: 'nats', nats_url, ...stream },
      output_config: { type: 'nats', nats_url, root_subject: QUEUES.output },
    });
  },
};

async function running(queues: Queues, config: object): Promise<RunningSystem> {
  const python = await installPythonPeers('queues-python');
  const bind = `127.0.0.1:${await freePort()}`;
  return {
    broker: queues.broker,
    worker: {
      command: python,
      args: [
        '-m',
        'gunicorn',
        'worker:app',
        '--worker-class',
        'uvicorn.workers.UvicornWorker',
        '--bind',
        bind,
      ],
      cwd: import.meta.dirname,
      env: {
        LOSS_CONFIG: JSON.stringify({ ...config, num_concurrent_workers: CONCURRENCY }),
        PYTHONDONTWRITEBYTECODE: '1',
      },
    },
    submit: (job) =>
      queues.submit({ id: `job-${job}`, body: JSON.stringify({ tfy_request_id: `job-${job}`, job }) }),
    outcomes: async () =>
      (await queues.published()).map((message) => {
        const { request_id, status, body } = JSON.parse(message);
        const job = Number(String(request_id).replace('job-', ''));
        return { job, result: status === 'SUCCESS' ? body : undefined };
      }),
    ...unsettledJobs(queues),
    [Symbol.asyncDispose]: () => queues[Symbol.asyncDispose](),
  };
}
