import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, inject, test } from 'vitest';
import { SqsBacklogGauge } from '../../lib/aws/sqs-backlog-gauge.ts';
import { localClients } from '../../lib/local/clients.ts';

const { sqs } = localClients(inject('endpoint'));

async function open() {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({ QueueName: `conformance-${crypto.randomUUID()}` }),
  );
  const send = async (DelaySeconds = 0) => {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', DelaySeconds }));
  };
  const receive = async () => {
    await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  };
  return { gauge: new SqsBacklogGauge(sqs, QueueUrl), send, receive };
}

test('an empty queue has no backlog', async () => {
  const { gauge } = await open();
  expect(await gauge.read()).toEqual({ waiting: 0, inFlight: 0 });
});

test('waiting and processed messages are counted separately, delayed ones are not', async () => {
  const { gauge, send, receive } = await open();
  for (let message = 0; message < 4; message++) await send();
  await receive();
  for (let message = 0; message < 2; message++) await send(900);
  expect(await gauge.read()).toEqual({ waiting: 3, inFlight: 1 });
});

test('the backlog of a missing queue is unknown', async () => {
  const { gauge } = await open();
  const other = new SqsBacklogGauge(sqs, `${inject('endpoint')}/000000000000/no-such-queue`);
  await expect(other.read()).rejects.toThrow();
  await expect(gauge.read()).resolves.toBeDefined();
});
