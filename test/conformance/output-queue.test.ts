import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { expect, inject, test } from 'vitest';
import { SnsOutputTopic } from '../../lib/aws/sns-output-topic.ts';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { SQS_MAX_MESSAGE_BYTES } from '../../lib/core/config/aws-limits.ts';
import type { OutputMessage } from '../../lib/core/ports/message-sink.ts';
import { forwardedMessage } from '../../lib/core/wire/forwarded-message.ts';
import { localClients, localConfig } from '../../lib/local/clients.ts';
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
  const url = await createQueue();
  return { queue: new SqsOutputQueue(sqs, url), receive: receiverOf(url) };
});

const sns = new SNSClient(localConfig(inject('endpoint')));

exerciseOutputQueue('a topic on SNS', async () => {
  const url = await createQueue();
  return {
    queue: new SnsOutputTopic(sns, await topicTo(url)),
    receive: receiverOf(url),
    // The local AWS doesn't pass them on, see docs/never-run-on-aws.md.
    deliversGroups: false,
  };
});

test('a subscription of a topic selects by labels, which arrive as attributes', async () => {
  const url = await createQueue();
  const topic = new SnsOutputTopic(
    sns,
    await topicTo(url, { Topic: [{ prefix: 'images.' }], Status: ['failed'] }),
  );
  const labels = (status: string, name?: string) => ({
    Status: { type: 'String', value: status } as const,
    ...(name && { Topic: { type: 'String', value: name } as const }),
  });
  const messages = [
    { body: 'succeeded', attributes: {}, labels: labels('succeeded', 'images.small') },
    { body: 'other', attributes: {}, labels: labels('failed', 'images') },
    { body: 'none', attributes: {}, labels: labels('failed') },
    { body: 'wanted', attributes: {}, labels: labels('failed', 'images.small') },
  ];
  expect(await topic.send(messages)).toEqual(Array(4).fill({ sent: true }));
  const attributes = labels('failed', 'images.small');
  expect(await receiverOf(url)(1)).toEqual([{ body: 'wanted', attributes }]);
});

async function createQueue(): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({
      QueueName: `conformance-${crypto.randomUUID()}`,
      Attributes: { MaximumMessageSize: String(SQS_MAX_MESSAGE_BYTES) },
    }),
  );
  return QueueUrl;
}

/** Creates a topic with one subscription. @returns its ARN */
async function topicTo(queueUrl: string, filterPolicy?: unknown): Promise<string> {
  const { TopicArn = '' } = await sns.send(
    new CreateTopicCommand({ Name: `conformance-${crypto.randomUUID()}` }),
  );
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  const allowed = {
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: Attributes?.QueueArn,
    Condition: { ArnEquals: { 'aws:SourceArn': TopicArn } },
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [allowed] });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { Policy } }));
  await sns.send(
    new SubscribeCommand({
      TopicArn,
      Protocol: 'sqs',
      Endpoint: Attributes?.QueueArn,
      Attributes: {
        RawMessageDelivery: 'true',
        ...(filterPolicy !== undefined && { FilterPolicy: JSON.stringify(filterPolicy) }),
      },
    }),
  );
  return TopicArn;
}

function receiverOf(queueUrl: string) {
  return async (count: number) => {
    const received: OutputMessage[] = [];
    while (received.length < count) received.push(...(await poll(queueUrl)));
    return received;
  };
}

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
