import { CreateQueueCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect, inject } from 'vitest';
import { SqsWebhookQueue } from '../../lib/aws/sqs-webhook-queue.ts';
import { localClients } from '../../lib/local/clients.ts';
import { MemoryWebhookQueue } from '../../lib/stores/memory/webhook-queue.ts';
import { SqliteInputQueue } from '../../lib/stores/sqlite/input-queue.ts';
import { SqliteWebhookQueue } from '../../lib/stores/sqlite/webhook-queue.ts';
import { collect, eventually } from '../support/eventually.ts';
import { openSqlite, receiveNow } from '../support/sqlite.ts';
import { exerciseWebhookQueue } from './webhook-queue-suite.ts';

exerciseWebhookQueue('a queue of webhooks in memory', async () => {
  const queue = new MemoryWebhookQueue();
  const openedAt = Date.now();
  const receive = async (count: number) => {
    await eventually(() => expect(due()).toHaveLength(count));
    return { messages: due(), at: Date.now() };
  };
  const due = () =>
    queue.sent
      .filter(({ delaySeconds }) => openedAt + delaySeconds * 1000 + 100 <= Date.now())
      .map(({ message, host }) => ({ message, host }));
  return { queue, receive };
});

const { sqs } = localClients(inject('endpoint'));

exerciseWebhookQueue('a queue of webhooks on SQS', async () => {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({ QueueName: `conformance-${crypto.randomUUID()}` }),
  );
  const receive = async (count: number) => {
    const received: Message[] = [];
    while (received.length < count) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          WaitTimeSeconds: 2,
          MessageSystemAttributeNames: ['MessageGroupId'],
        }),
      );
      received.push(...Messages);
    }
    const messages = received.map(({ Body = '', Attributes }) => ({
      message: Body,
      host: Attributes?.MessageGroupId,
    }));
    return { messages, at: Date.now() };
  };
  return { queue: new SqsWebhookQueue(sqs, QueueUrl), receive };
});

exerciseWebhookQueue('a queue of webhooks in a file', async () => {
  const clock = { now: Date.now };
  const { file } = await openSqlite();
  const consumer = new SqliteInputQueue(file, { queue: 'webhooks', visibilitySeconds: 3_600, clock });
  return {
    queue: new SqliteWebhookQueue(file, 'webhooks', clock),
    receive: async (count) => {
      const received = await collect(count, () => receiveNow(consumer, 10));
      return {
        messages: received.map(({ body, group }) => ({ message: body, host: group })),
        at: Date.now(),
      };
    },
  };
});
