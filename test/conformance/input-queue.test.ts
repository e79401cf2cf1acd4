import {
  CreateQueueCommand,
  DeleteQueueCommand,
  type MessageAttributeValue,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { expect, inject } from 'vitest';
import { SqsMessages } from '../../lib/aws/sqs-messages.ts';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { forwardedMessage } from '../../lib/core/wire/forwarded-message.ts';
import { messagesOf } from '../../lib/lambda/sqs-event.ts';
import { localClients } from '../../lib/local/clients.ts';
import { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';
import { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';
import { SqliteInputQueue } from '../../lib/stores/sqlite/input-queue.ts';
import { SqliteOutputQueue } from '../../lib/stores/sqlite/output-queue.ts';
import { openSqlite, receiveNow } from '../support/sqlite.ts';
import { poll, recordOf } from '../support/sqs-records.ts';
import { exerciseInputQueue } from './input-queue-suite.ts';

exerciseInputQueue(
  'an input queue in memory',
  async (visibilityTimeoutSeconds) => {
    const dead = new MemoryOutputQueue();
    const queue = new MemoryInputQueue({ now: Date.now, visibilityTimeoutSeconds, deadLetters: dead });
    return {
      send: async (body, attributes) => void queue.send(body, attributes),
      receive: async (max) => queue.receive(max),
      deadLetters: async () => dead.messages.splice(0),
      async [Symbol.asyncDispose]() {},
    };
  },
  {
    ordered: false,
    countsDeliveries: true,
    redelivers: 'after timeout',
    fencesReceipts: true,
    datesFirstDelivery: true,
    reopens: false,
    deadLetters: true,
  },
);

const { sqs } = localClients(inject('endpoint'));

async function createQueue(Attributes: Record<string, string> = {}): Promise<string> {
  const QueueName = `conformance-${crypto.randomUUID()}`;
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl;
}

exerciseInputQueue(
  'an input queue on SQS',
  async (visibilityTimeoutSeconds) => {
    const QueueUrl = await createQueue({ VisibilityTimeout: String(visibilityTimeoutSeconds) });
    const deadLetterUrl = await createQueue();
    const open = () => new SqsMessages(sqs, QueueUrl, new SqsOutputQueue(sqs, deadLetterUrl));
    let source = open();
    return {
      send: async (MessageBody, attributes = {}) => {
        const MessageAttributes = sqsAttributes(attributes);
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
      },
      receive: async (max) =>
        messagesOf({ Records: (await poll(sqs, QueueUrl, max)).map(recordOf) }).map((message) =>
          source.receive(message),
        ),
      reopen: async () => {
        source = open();
      },
      deadLetters: async () =>
        (await poll(sqs, deadLetterUrl, 10)).map(({ Body = '', MessageAttributes = {} }) => ({
          body: Body,
          attributes: Object.fromEntries(
            Object.entries(MessageAttributes).map(([name, { DataType = '', StringValue = '' }]) => [
              name,
              { type: DataType, value: StringValue },
            ]),
          ),
        })),
      async [Symbol.asyncDispose]() {
        for (const url of [QueueUrl, deadLetterUrl])
          await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
      },
    };
  },
  {
    ordered: false,
    countsDeliveries: true,
    redelivers: 'after timeout',
    // "The request succeeds, but the message might not be deleted":
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
    fencesReceipts: false,
    datesFirstDelivery: true,
    reopens: true,
    deadLetters: true,
  },
);

function sqsAttributes(attributes: Readonly<Record<string, string>>): Record<string, MessageAttributeValue> {
  const entries = Object.entries(attributes);
  return Object.fromEntries(
    entries.map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
}

exerciseInputQueue(
  'an input queue in a file',
  async (visibilitySeconds) => {
    const clock = { now: Date.now };
    const { file, open } = await openSqlite();
    const input = new SqliteOutputQueue(file, 'in', clock);
    const dead = new SqliteInputQueue(file, { queue: 'dead', visibilitySeconds, clock });
    const deadLetters = new SqliteOutputQueue(file, 'dead', clock);
    const consume = async () =>
      new SqliteInputQueue(await open(), { queue: 'in', visibilitySeconds, deadLetters, clock });
    let queue = await consume();
    return {
      send: async (body, attributes = {}) => {
        const texts = Object.entries(attributes).map(
          ([name, value]) => [name, { type: 'String', value }] as const,
        );
        expect(await input.send([{ body, attributes: Object.fromEntries(texts) }])).toEqual([{ sent: true }]);
      },
      receive: (max) => receiveNow(queue, max),
      reopen: async () => {
        queue = await consume();
      },
      deadLetters: async () => (await receiveNow(dead, 10)).map(forwardedMessage),
      async [Symbol.asyncDispose]() {},
    };
  },
  {
    ordered: false,
    countsDeliveries: true,
    redelivers: 'after timeout',
    fencesReceipts: true,
    datesFirstDelivery: true,
    reopens: true,
    deadLetters: true,
  },
);
