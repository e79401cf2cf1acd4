import { setTimeout as sleep } from 'node:timers/promises';
import { CreateQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import { SqsSubmissionQueue } from '../../lib/aws/sqs-submission-queue.ts';
import { SQS_MAX_MESSAGE_BYTES } from '../../lib/core/config/aws-limits.ts';
import { localClients } from '../../lib/local/clients.ts';
import { MemorySubmissionQueue } from '../../lib/stores/memory/submission-queue.ts';
import { SqliteInputQueue } from '../../lib/stores/sqlite/input-queue.ts';
import { SqliteSubmissionQueue } from '../../lib/stores/sqlite/submission-queue.ts';
import { collect } from '../support/eventually.ts';
import { openSqlite, receiveNow } from '../support/sqlite.ts';
import { exerciseSubmissionQueue, type QueuedSubmission } from './submission-queue-suite.ts';

exerciseSubmissionQueue('a submission queue in memory', async () => {
  const queue = new MemorySubmissionQueue();
  return {
    queue,
    receive: async () => {
      const times = queue.sent.map(({ place }) => place?.notBefore ?? 0);
      await sleep(Math.max(...times, 0) - Date.now());
      return queue.sent.map(({ message, tenant }) => ({ message, group: tenant }));
    },
  };
});

const { sqs } = localClients(inject('endpoint'));

exerciseSubmissionQueue('a submission queue on SQS', async () => {
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

exerciseSubmissionQueue('a submission queue in a file', async () => {
  const clock = { now: Date.now };
  const { file } = await openSqlite();
  const consumer = new SqliteInputQueue(file, { queue: 'in', visibilitySeconds: 3_600, clock });
  return {
    queue: new SqliteSubmissionQueue(file, 'in', clock),
    receive: async (count) =>
      (await collect(count, () => receiveNow(consumer, 10))).map(({ body, group }) => ({
        message: body,
        group,
      })),
  };
});
