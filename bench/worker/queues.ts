import { join } from 'node:path';
import { AMQP } from '../../lib/brokers/amqp.ts';
import { KAFKA } from '../../lib/brokers/kafka.ts';
import { NATS } from '../../lib/brokers/nats.ts';
import { REDIS } from '../../lib/brokers/redis.ts';
import type { Broker } from '../../lib/core/ports/broker.ts';
import { SqliteBroker } from '../../lib/stores/sqlite/sqlite-broker.ts';
import { available } from '../../test/support/brokers/available.ts';
import { findKafka, startKafka } from '../../test/support/brokers/kafka-server.ts';
import { findNatsServer, startNatsServer } from '../../test/support/brokers/nats-server.ts';
import { findRabbitMq, startRabbitMq } from '../../test/support/brokers/rabbitmq-server.ts';
import { findValkey, startRedis } from '../../test/support/brokers/redis-server.ts';

/** A running broker, with the URLs of its queues. */
export interface RunningBroker {
  readonly broker: Broker;
  readonly urlOf: (queue: string) => URL;
  /** Creates a queue, where opening it doesn't. */
  readonly create?: (queue: string) => Promise<void>;
  /** Ends the server. */
  stop(): PromiseLike<void>;
}

/**
 * Starts each broker in a process of its own, but for SQLite, which has none.
 * @param folder for SQLite's file
 * @returns undefined if the server can't be had on this machine
 */
export const BROKERS: Readonly<Record<string, (folder: string) => Promise<RunningBroker | undefined>>> = {
  async SQLite(folder) {
    const broker = new SqliteBroker(Date);
    return {
      broker,
      urlOf: (queue) => new URL(`sqlite:${join(folder, 'queues.db')}?queue=${queue}`),
      stop: () => broker[Symbol.asyncDispose](),
    };
  },
  async NATS() {
    const program = await available('NATS', findNatsServer);
    if (program === undefined) return undefined;
    const { server, port } = await startNatsServer(program);
    return {
      broker: NATS,
      urlOf: (queue) => new URL(`nats://127.0.0.1:${port}?stream=${queue}&subject=${queue}`),
      stop: () => server[Symbol.asyncDispose](),
    };
  },
  async Kafka() {
    const classPath = await available('Kafka', findKafka);
    if (classPath === undefined) return undefined;
    const server = await startKafka(classPath);
    return {
      broker: KAFKA,
      urlOf: (queue) => new URL(`kafka://127.0.0.1:${server.port}?topic=${queue}`),
      create: (queue) => server.createTopics({ name: queue }, { name: `${queue}.retry` }),
      stop: () => server[Symbol.asyncDispose](),
    };
  },
  async Valkey() {
    const program = await available('Valkey', findValkey);
    if (program === undefined) return undefined;
    const { server, port } = await startRedis(program, ['--appendfsync', 'everysec']);
    return {
      broker: REDIS,
      urlOf: (queue) => new URL(`redis://127.0.0.1:${port}?stream=${queue}`),
      stop: () => server[Symbol.asyncDispose](),
    };
  },
  async RabbitMQ() {
    const programs = await available('RabbitMQ', findRabbitMq);
    if (programs === undefined) return undefined;
    const server = await startRabbitMq(programs);
    return {
      broker: AMQP,
      urlOf: (queue) => new URL(`amqp://127.0.0.1:${server.port}?queue=${queue}`),
      stop: () => server[Symbol.asyncDispose](),
    };
  },
};
