/**
 * Relays messages of Kafka and RabbitMQ, and uploads of a service that keeps order, to the input queue.
 */

import type { Context, SQSEvent } from 'aws-lambda';
import { addedProcessors } from '../../lib/aws/added-processors.ts';
import { queueClient } from '../../lib/aws/clients.ts';
import { lazyPayloadStore } from '../../lib/aws/lazy-payload-store.ts';
import { isFifo } from '../../lib/aws/sqs-fifo.ts';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { quote } from '../../lib/core/base/quote.ts';
import { readRelayEnvironment } from '../../lib/core/config/relay-environment.ts';
import type { RoutingEnvironment } from '../../lib/core/config/submitting-environment.ts';
import { Relay } from '../../lib/core/intake/relay.ts';
import { type RelayDestination, relayByTopic } from '../../lib/core/intake/relay-by-topic.ts';
import { uploadMessages } from '../../lib/core/intake/upload-messages.ts';
import type { QueueMessage } from '../../lib/core/model/received-message.ts';
import { isKafkaEvent, type KafkaEvent, kafkaMessagesOf } from '../../lib/lambda/kafka-event.ts';
import { createPowertools } from '../../lib/lambda/powertools-logger.ts';
import { isRabbitMqEvent, type RabbitMqEvent, rabbitMqMessagesOf } from '../../lib/lambda/rabbitmq-event.ts';
import { isSqsEvent, messagesOf as sqsMessagesOf } from '../../lib/lambda/sqs-event.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

/** Most large messages that are stored, and most uploads that are looked at, at the same time. Each holds a socket. */
const STORED_AT_ONCE = 10;

const powertools = createPowertools();
const environment = readRelayEnvironment(process.env);
const { payloadBucket, payloadPrefix } = environment;
const store = lazyPayloadStore(payloadBucket, STORED_AT_ONCE);
const queues = queueClient();
const destinations = [
  destinationOf(environment),
  ...addedProcessors(environment).map(destinationOf),
] as const;

type RelayedEvent = KafkaEvent | RabbitMqEvent | SQSEvent;

/**
 * Relays the messages of a batch. If it throws, Lambda delivers the whole batch again.
 * @throws TypeError if the event has another source
 */
export async function handler(event: RelayedEvent, context: Context): Promise<void> {
  powertools.addContext(context);
  const messages = await messagesOf(event);
  await relayByTopic(messages, destinations);
  powertools.info('Messages relayed', { messages: messages.length });
}

function destinationOf({
  inputQueueUrl,
  topics,
}: Pick<RoutingEnvironment, 'inputQueueUrl' | 'topics'>): RelayDestination {
  const queue = new SqsOutputQueue(queues, inputQueueUrl);
  return { topics, relay: new Relay({ queue, store }, { payloadPrefix, ordered: isFifo(inputQueueUrl) }) };
}

async function messagesOf(event: RelayedEvent): Promise<QueueMessage[]> {
  if (isKafkaEvent(event)) return kafkaMessagesOf(event);
  if (isRabbitMqEvent(event)) return rabbitMqMessagesOf(event);
  if (isSqsEvent(event) && event.Records.length > 0) {
    const uploads = sqsMessagesOf(event).map((notification) => uploadMessages(notification, store));
    return (await Promise.all(uploads)).flat();
  }
  throw new TypeError(
    `Expected an event of an event source for Kafka or RabbitMQ, or of the queue of uploads, got ${quote(event, 200)}`,
  );
}
