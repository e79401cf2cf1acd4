import { CreateQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import { SqsSubmissionQueue } from '../../lib/aws/sqs-submission-queue.ts';
import { SQS_MAX_MESSAGE_BYTES } from '../../lib/core/config/aws-limits.ts';
import { localClients } from '../../lib/local/clients.ts';
import { MemorySubmissionQueue } from '../../lib/stores/memory/submission-queue.ts';
import { type QueuedSubmission, submissionQueueSuite } from './submission-queue-suite.ts';

submissionQueueSuite('a submission queue in memory', async () => {
  const queue = new MemorySubmissionQueue();
  return {
    queue,
    receive: async () => queue.sent.map(({ message, tenant }) => ({ message, group: tenant })),
  };
});

const { sqs } = localClients(inject('endpoint'));

submissionQueueSuite('a submission queue on SQS', async () => {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({
      QueueName: `conformance-${crypto.randomUUID()}`,
      Attributes: { MaximumMessageSize: String(SQS_MAX_MESSAGE_BYTES) },
    }),
  );
  const receive = async (count: number) => {
    const received: QueuedSubmission[] = [];
    while (received.length < count) received.push(...(await poll(QueueUrl)));
    return received;
  };
  return { queue: new SqsSubmissionQueue(sqs, QueueUrl), receive };
});

async function poll(QueueUrl: string): Promise<QueuedSubmission[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 2,
      MessageSystemAttributeNames: ['MessageGroupId'],
    }),
  );
  return Messages.map(({ Body = '', Attributes }) => ({ message: Body, group: Attributes?.MessageGroupId }));
}
