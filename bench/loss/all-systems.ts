import { startKafkaQueues } from './queues/kafka.ts';
import { startNatsQueues } from './queues/nats.ts';
import { startPubSubQueues } from './queues/pubsub.ts';
import { startRabbitMqQueues } from './queues/rabbitmq.ts';
import { startRedisQueues } from './queues/redis.ts';
import { startSqliteQueues } from './queues/sqlite.ts';
import { startSqsQueues } from './queues/sqs.ts';
import type { System } from './system.ts';
import { ASYNC_PROCESSOR_ON_NATS, ASYNC_PROCESSOR_ON_RABBITMQ } from './systems/async-processor/system.ts';
import { BARE_AMQPLIB } from './systems/bare-amqplib/system.ts';
import { BARE_KAFKA } from './systems/bare-kafka/system.ts';
import { BARE_NATS } from './systems/bare-nats/system.ts';
import { BULLMQ } from './systems/bullmq/system.ts';
import { CELERY, CELERY_ACKS_LATE } from './systems/celery/system.ts';
import { coatcheckOn } from './systems/coatcheck/system.ts';

/** The systems of the table, in its order, by the names of `--systems`. */
export const SYSTEMS: Readonly<Record<string, System>> = {
  sqlite: coatcheckOn('SQLite', startSqliteQueues),
  rabbitmq: coatcheckOn('RabbitMQ', startRabbitMqQueues),
  nats: coatcheckOn('NATS', () => startNatsQueues()),
  kafka: coatcheckOn('Kafka', () => startKafkaQueues('coatcheck')),
  valkey: coatcheckOn('Valkey everysec', () => startRedisQueues('Valkey everysec')),
  'valkey-always': coatcheckOn('Valkey always', () => startRedisQueues('Valkey always')),
  'redis-default': coatcheckOn(
    'Redis 7.0 with default settings',
    () => startRedisQueues('Redis, default settings'),
    { isPromised: false },
  ),
  sqs: coatcheckOn('SQS of the local AWS', startSqsQueues),
  pubsub: coatcheckOn('test server of Pub/Sub', startPubSubQueues),
  amqplib: BARE_AMQPLIB,
  'nats-loop': BARE_NATS,
  'kafka-loop': BARE_KAFKA,
  'async-processor-rabbitmq': ASYNC_PROCESSOR_ON_RABBITMQ,
  'async-processor-nats': ASYNC_PROCESSOR_ON_NATS,
  bullmq: BULLMQ,
  celery: CELERY,
  'celery-acks-late': CELERY_ACKS_LATE,
};
