import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { sqsClient } from '../../../lib/aws/sqs-client.ts';
import { localConfig } from '../../../lib/local/clients.ts';
import { awsVariables } from '../../../lib/local/environment.ts';
import { openTestAws } from '../../../test/support/local-aws.ts';
import { QUEUES } from '../job.ts';
import type { Queues } from './queues.ts';

/** Standard queues of the local AWS, which keeps messages in memory. */
export async function startSqsQueues(folder: string): Promise<Queues> {
  const aws = await openTestAws(folder);
  const sqs = sqsClient({ ...localConfig(aws.endpoint), maxAttempts: 1 });
  const urls = new Map<string, string>();
  for (const queue of Object.values(QUEUES)) {
    const QueueName = `${queue}-${crypto.randomUUID()}`;
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName }));
    urls.set(queue, QueueUrl);
  }
  const urlOf = (queue: string) => urls.get(queue) ?? '';
  const read: string[] = [];
  return {
    broker: undefined,
    variables: awsVariables(aws.endpoint),
    urlOf,
    submit: async ({ id, body }) => {
      const MessageAttributes = { RequestId: { DataType: 'String', StringValue: id } };
      const QueueUrl = urlOf(QUEUES.input);
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body, MessageAttributes }));
    },
    published: async () => {
      const QueueUrl = urlOf(QUEUES.output);
      for (;;) {
        const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
        const { Messages = [] } = await sqs.send(receive);
        if (Messages.length === 0) return read;
        const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
        await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
        read.push(...Messages.map(({ Body = '' }) => Body));
      }
    },
    [Symbol.asyncDispose]: async () => {
      sqs.destroy();
      await aws[Symbol.asyncDispose]();
    },
  };
}
