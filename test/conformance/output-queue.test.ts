import { CreateQueueCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { SQS_MAX_MESSAGE_BYTES } from '../../lib/core/config/aws-limits.ts';
import type { OutputMessage } from '../../lib/core/ports/message-sink.ts';
import { forwardedMessage } from '../../lib/core/wire/forwarded-message.ts';
import { localClients } from '../../lib/local/clients.ts';
import { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';
import { SqliteInputQueue } from '../../lib/stores/sqlite/input-queue.ts';
import { SqliteOutputQueue } from '../../lib/stores/sqlite/output-queue.ts';
import { collect } from '../support/eventually.ts';
import { openSqlite, receiveNow } from '../support/sqlite.ts';
import { exerciseOutputQueue } from './output-queue-suite.ts';

exerciseOutputQueue('an output queue in memory', async () => {
  const queue = new MemoryOutputQueue();
  return { queue, receive: async () => queue.messages };
});

const { sqs } = localClients(inject('endpoint'));

exerciseOutputQueue('an output queue on SQS', async () => {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({
      QueueName: `conformance-${crypto.randomUUID()}`,
      Attributes: { MaximumMessageSize: String(SQS_MAX_MESSAGE_BYTES) },
    }),
  );
  const receive = async (count: number) => {
    const received: OutputMessage[] = [];
    while (received.length < count) received.push(...(await poll(QueueUrl)));
    return received;
  };
  return { queue: new SqsOutputQueue(sqs, QueueUrl), receive };
});

async function poll(QueueUrl: string): Promise<OutputMessage[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 2,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['MessageGroupId'],
    }),
  );
  return Messages.map(messageOf);
}

function messageOf({ Body = '', MessageAttributes = {}, Attributes }: Message): OutputMessage {
  const attributes = Object.entries(MessageAttributes).map(([name, { DataType, StringValue = '' }]) => {
    const type = DataType === 'Number' ? 'Number' : 'String';
    return [name, { type, value: StringValue }] as const;
  });
  const group = Attributes?.MessageGroupId;
  return { body: Body, attributes: Object.fromEntries(attributes), ...(group && { group }) };
}

exerciseOutputQueue('an output queue in a file', async () => {
  const clock = { now: Date.now };
  const { file } = await openSqlite();
  const consumer = new SqliteInputQueue(file, { queue: 'out', visibilitySeconds: 3_600, clock });
  return {
    queue: new SqliteOutputQueue(file, 'out', clock),
    receive: async (count) => (await collect(count, () => receiveNow(consumer, 10))).map(forwardedMessage),
  };
});
