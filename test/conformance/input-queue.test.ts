import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateQueueCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import { SqsMessages } from '../../lib/aws/sqs-messages.ts';
import { messagesOf } from '../../lib/lambda/sqs-event.ts';
import { localClients } from '../../lib/local/clients.ts';
import { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';
import { inputQueueSuite } from './input-queue-suite.ts';

const HOUR_SECONDS = 3_600;

inputQueueSuite('an input queue in memory', async () => {
  let waited = 0;
  const queue = new MemoryInputQueue({
    now: () => Date.now() + waited,
    visibilityTimeoutSeconds: HOUR_SECONDS,
  });
  return {
    send: async (body, attributes) => void queue.send(body, attributes),
    receive: async () => queue.receive(10),
    wait: async (seconds) => {
      waited += seconds * 1000;
    },
  };
});

const { sqs } = localClients(inject('endpoint'));

inputQueueSuite('an input queue on SQS', async () => {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({
      QueueName: `conformance-${crypto.randomUUID()}`,
      Attributes: { VisibilityTimeout: String(HOUR_SECONDS) },
    }),
  );
  const source = new SqsMessages(sqs, QueueUrl);
  return {
    send: async (MessageBody, attributes = {}) => {
      const MessageAttributes = sqsAttributes(attributes);
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
    },
    receive: async () => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 0,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
      );
      return messagesOf({ Records: Messages.map(recordOf) }).map((message) => source.receive(message));
    },
    wait: (seconds) => sleep(seconds * 1000),
  };
});

function sqsAttributes(attributes: Readonly<Record<string, string>>): Record<string, MessageAttributeValue> {
  const entries = Object.entries(attributes);
  return Object.fromEntries(
    entries.map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
}

/** A message as an event source puts it into its event. */
function recordOf({ MessageId = '', ReceiptHandle = '', Body = '', Attributes = {}, ...message }: Message) {
  const attributes = Object.entries(message.MessageAttributes ?? {});
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: {
      ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? '',
      ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? '',
      SentTimestamp: Attributes.SentTimestamp ?? '',
      SenderId: Attributes.SenderId ?? '',
    },
    messageAttributes: Object.fromEntries(
      attributes.map(([name, { StringValue = '' }]) => [
        name,
        { dataType: 'String' as const, stringValue: StringValue },
      ]),
    ),
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: '',
    awsRegion: '',
  };
}
