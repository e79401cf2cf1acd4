import { AMQP } from '../../../lib/brokers/amqp.ts';
import { KAFKA } from '../../../lib/brokers/kafka.ts';
import { NATS } from '../../../lib/brokers/nats.ts';
import { PUBSUB } from '../../../lib/brokers/pubsub.ts';
import { REDIS } from '../../../lib/brokers/redis.ts';
import type { Broker } from '../../../lib/core/ports/broker.ts';
import { available } from './available.ts';
import { findKafka, startKafka } from './kafka-server.ts';
import { findNatsServer, startNatsServer } from './nats-server.ts';
import { PROJECT, PubSubAdmin } from './pubsub-admin.ts';
import { findPubSubServer, startPubSubServer } from './pubsub-server.ts';
import { findRabbitMq, startRabbitMq } from './rabbitmq-server.ts';
import { findValkey, startRedis } from './redis-server.ts';

/** A running server, and the URLs of its queues. */
export interface RunningBroker {
  readonly server: AsyncDisposable;
  readonly urlOf: (queue: string) => string;
  /** Creates a queue, where opening it doesn't. */
  readonly create?: (queue: string, options?: { readonly ordered: boolean }) => Promise<void>;
  /** Environment variables of its clients. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** A kind of broker. */
export interface Kind {
  readonly name: string;
  readonly broker: Broker;
  /** Undefined where the server can't be had. */
  readonly program: string | undefined;
  readonly start: (program: string) => Promise<RunningBroker>;
}

async function startNats(program: string): Promise<RunningBroker> {
  const { server, port } = await startNatsServer(program);
  return { server, urlOf: (queue) => `nats://127.0.0.1:${port}?stream=${queue}&subject=${queue}` };
}

async function startRabbit(programs: string): Promise<RunningBroker> {
  const server = await startRabbitMq(programs);
  return { server, urlOf: (queue) => `amqp://127.0.0.1:${server.port}?queue=${queue}` };
}

async function startValkey(program: string): Promise<RunningBroker> {
  const { server, port } = await startRedis(program);
  return { server, urlOf: (queue) => `redis://127.0.0.1:${port}?stream=${queue}` };
}

async function startPubSub(program: string): Promise<RunningBroker> {
  const { server, port } = await startPubSubServer(program);
  return {
    server,
    urlOf: (queue) => `pubsub://${PROJECT}/${queue}`,
    create: async (queue, { ordered } = { ordered: false }) => {
      await using admin = new PubSubAdmin(port);
      // Shorter than a worker is advised to have: tests wait for the messages of killed workers.
      await admin.create(queue, { enableMessageOrdering: ordered, ackDeadlineSeconds: 20 });
    },
    variables: { PUBSUB_EMULATOR_HOST: `127.0.0.1:${port}` },
  };
}

async function startKafkaServer(classPath: string): Promise<RunningBroker> {
  const server = await startKafka(classPath);
  return {
    server,
    urlOf: (queue) => `kafka://127.0.0.1:${server.port}?topic=${queue}`,
    create: (queue) => server.createTopics({ name: queue, partitions: 1 }, { name: `${queue}.retry` }),
  };
}

/** All brokers but SQS. */
export const KINDS: readonly Kind[] = [
  { name: 'NATS', broker: NATS, program: await available('NATS', findNatsServer), start: startNats },
  { name: 'RabbitMQ', broker: AMQP, program: await available('RabbitMQ', findRabbitMq), start: startRabbit },
  { name: 'Kafka', broker: KAFKA, program: await available('Kafka', findKafka), start: startKafkaServer },
  { name: 'Valkey', broker: REDIS, program: await available('Valkey', findValkey), start: startValkey },
  {
    name: 'Pub/Sub',
    broker: PUBSUB,
    program: await available('Pub/Sub', findPubSubServer),
    start: startPubSub,
  },
];
