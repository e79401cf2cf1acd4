import { CreateScheduleGroupCommand, ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect, inject } from 'vitest';
import { SchedulerDelayedMessages } from '../../lib/aws/scheduler-delayed-messages.ts';
import { localClients, localConfig } from '../../lib/local/clients.ts';
import { MemoryDelayedMessages } from '../../lib/stores/memory/delayed-messages.ts';
import { SqliteDelayedMessages } from '../../lib/stores/sqlite/delayed-messages.ts';
import { SqliteInputQueue } from '../../lib/stores/sqlite/input-queue.ts';
import { collect, eventually } from '../support/eventually.ts';
import { openSqlite, receiveNow } from '../support/sqlite.ts';
import { exerciseDelayedMessages, exerciseRemovableMessages } from './delayed-messages-suite.ts';

const inMemory = async () => {
  const later = new MemoryDelayedMessages();
  const receive = async (count: number) => {
    const messages: string[] = [];
    await eventually(() => {
      messages.push(...later.due(Date.now()));
      expect(messages.length).toBeGreaterThanOrEqual(count);
    });
    return { messages, at: Date.now() };
  };
  return { later, receive };
};

exerciseDelayedMessages('delayed messages in memory', inMemory);
exerciseRemovableMessages('delayed messages in memory', inMemory);

const { sqs } = localClients(inject('endpoint'));
const scheduler = new SchedulerClient(localConfig(inject('endpoint')));

const byScheduler = async () => {
  const name = `conformance-${crypto.randomUUID()}`;
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  await scheduler.send(new CreateScheduleGroupCommand({ Name: name }));
  const later = new SchedulerDelayedMessages(scheduler, {
    scheduleGroup: name,
    scheduleRole: 'arn:aws:iam::000000000000:role/scheduler',
    queueArn: Attributes?.QueueArn ?? '',
    deadLetterQueueArn: `${Attributes?.QueueArn}-dead`,
  });
  const receive = async (count: number) => {
    const messages: string[] = [];
    while (messages.length < count) messages.push(...(await poll(QueueUrl)));
    const at = Date.now();
    // Each ends with its message.
    await eventually(async () => {
      const { Schedules } = await scheduler.send(new ListSchedulesCommand({ GroupName: name }));
      expect(Schedules).toEqual([]);
    });
    return { messages, at };
  };
  return { later, receive };
};

exerciseDelayedMessages('delayed messages by EventBridge Scheduler', byScheduler);
exerciseRemovableMessages('delayed messages by EventBridge Scheduler', byScheduler);

async function poll(QueueUrl: string): Promise<string[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
  );
  return Messages.map(({ Body = '' }) => Body);
}

exerciseDelayedMessages('delayed messages in a file', async () => {
  const clock = { now: Date.now };
  const { file } = await openSqlite();
  const consumer = new SqliteInputQueue(file, { queue: 'webhooks', visibilitySeconds: 3_600, clock });
  return {
    later: new SqliteDelayedMessages(file, 'webhooks', clock),
    receive: async (count) => {
      const received = await collect(count, () => receiveNow(consumer, 10));
      return { messages: received.map(({ body }) => body), at: Date.now() };
    },
  };
});
