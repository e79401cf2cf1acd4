import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import { SQS } from '../../lib/aws/sqs-broker.ts';
import { ConfigurationError } from '../../lib/core/base/errors.ts';
import { neededReceivesOf } from '../../lib/core/config/receive-budget.ts';
import { PRIORITIES } from '../../lib/core/model/priority.ts';
import type { InputQueue } from '../../lib/core/ports/message-source.ts';
import { localClients } from '../../lib/local/clients.ts';
import { awsVariables } from '../../lib/local/environment.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { LanedQueue } from '../../lib/worker/laned-queue.ts';
import { collect } from '../support/eventually.ts';

const endpoint = inject('endpoint');
const { sqs } = localClients(endpoint);
const logger = new CollectingLogger();
const MAX_ATTEMPTS = 5;
const opened: InputQueue[] = [];

// The worker's clients are configured by the environment.
beforeEach(() => {
  for (const [name, value] of Object.entries(awsVariables(endpoint))) vi.stubEnv(name, value);
});
afterEach(async () => {
  for (const input of opened.splice(0)) await input[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

async function createQueue(Attributes: Record<string, string> = {}, suffix = ''): Promise<string> {
  const QueueName = `sqs-broker-${crypto.randomUUID()}${suffix}`;
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl;
}

async function openInput(url: string): Promise<InputQueue> {
  const input = await SQS.openInput(new URL(url), { maxInFlight: 20, maxAttempts: MAX_ATTEMPTS, logger });
  opened.push(input);
  return input;
}

/** A queue whose messages go to a dead-letter queue after so many receives. */
async function queueWithRedrive(maxReceiveCount: number): Promise<string> {
  const dead = await createQueue();
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ['QueueArn'] }),
  );
  const deadLetterTargetArn = Attributes?.QueueArn;
  return createQueue({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }) });
}

test('a message arrives with its attributes of every type, and is gone once it is acknowledged', async () => {
  const QueueUrl = await createQueue();
  await sqs.send(
    new SendMessageCommand({
      QueueUrl,
      MessageBody: 'hello',
      MessageAttributes: {
        RequestId: { DataType: 'String', StringValue: 'r-1' },
        Priority: { DataType: 'Number.float', StringValue: '0.5' },
        Digest: { DataType: 'Binary', BinaryValue: Uint8Array.of(1, 255) },
      },
    }),
  );
  const input = await openInput(QueueUrl);
  const [message] = await input.receive(10, AbortSignal.timeout(10_000));
  expect(message).toMatchObject({
    body: 'hello',
    attributes: { RequestId: 'r-1', Priority: '0.5' },
    deliveryCount: 1,
  });
  expect(message?.source.maxDeliveries).toBeUndefined();
  expect(message?.typedAttributes).toEqual({
    Priority: { type: 'Number.float', value: '0.5' },
    Digest: { type: 'Binary', value: Uint8Array.of(1, 255) },
  });
  await message?.ack();
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  expect(Attributes).toEqual({
    ApproximateNumberOfMessages: '0',
    ApproximateNumberOfMessagesNotVisible: '0',
  });
});

test('a receive that waits ends at once when the worker stops', async () => {
  const input = await openInput(await createQueue());
  const stopping = new AbortController();
  const receiving = input.receive(10, stopping.signal);
  await new Promise((resolve) => setImmediate(resolve));
  stopping.abort();
  expect(await receiving).toEqual([]);
});

test('a queue for each priority is one queue, and each message is settled in its own', async () => {
  const urls = { high: await createQueue(), normal: await createQueue(), low: await createQueue() };
  const queue = new LanedQueue(
    {
      high: await openInput(urls.high),
      normal: await openInput(urls.normal),
      low: await openInput(urls.low),
    },
    Math.random,
  );
  for (const priority of PRIORITIES) {
    for (const number of [1, 2, 3]) {
      const call = { QueueUrl: urls[priority], MessageBody: `${priority} ${number}` };
      await sqs.send(new SendMessageCommand(call));
    }
  }
  const receive = () => queue.receive(4, AbortSignal.timeout(2_000));
  const messages = await collect(9, receive);
  expect(messages.map(({ body }) => body).toSorted()).toEqual(
    PRIORITIES.flatMap((priority) => [1, 2, 3].map((number) => `${priority} ${number}`)).toSorted(),
  );
  expect(messages.every(({ body, lane = 'normal' }) => body.startsWith(lane))).toBe(true);
  const [back, ...ended] = messages;
  await Promise.all(ended.map((message) => message.ack()));
  await back?.retryAfter(0);
  const [again] = await collect(1, receive);
  expect(again).toMatchObject({ body: back?.body, lane: back?.lane, deliveryCount: 2 });
  await again?.ack();
  await queue[Symbol.asyncDispose]();
});

test('outcomes go to an output queue', async () => {
  const QueueUrl = await createQueue();
  const output = await SQS.openOutput(new URL(QueueUrl), { logger });
  const message = { body: 'done', attributes: { Status: { type: 'String', value: 'succeeded' } } };
  expect(await output.send([message])).toEqual([{ sent: true }]);
  await output[Symbol.asyncDispose]();
  const { Messages } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'] }),
  );
  expect(Messages).toMatchObject([
    { Body: 'done', MessageAttributes: { Status: { DataType: 'String', StringValue: 'succeeded' } } },
  ]);
});

test('a queue that dead-letters by itself must leave room for all attempts', async () => {
  const needed = neededReceivesOf(MAX_ATTEMPTS);
  const early = openInput(await queueWithRedrive(needed - 1));
  await expect(early).rejects.toThrow(ConfigurationError);
  await expect(early).rejects.toThrow(`Set it to at least ${needed}, or remove the redrive policy`);
  const input = await openInput(await queueWithRedrive(needed));
  expect(input.capabilities.maxDeliveries).toBe(needed);
});

test.each([
  [
    'a FIFO queue',
    () => createQueue({ FifoQueue: 'true' }, '.fifo'),
    'is a FIFO queue: set COATCHECK_ORDER=fifo, or use a standard queue',
  ],
  [
    'a standard queue for messages in order',
    () => createQueue(),
    'is a standard queue: with COATCHECK_ORDER=fifo, all queues of SQS must be FIFO queues',
    true,
  ],
  ['a queue that doesn’t exist', async () => `${await createQueue()}-gone`, "can't be used"],
  ['no queue', async () => endpoint, 'An SQS queue is given by its URL'],
])('%s is refused at the start', async (_, url, expected, ordered = false) => {
  const given = new URL(await url());
  const options = { maxInFlight: 1, ordered, maxAttempts: MAX_ATTEMPTS, logger };
  for (const opening of [SQS.openInput(given, options), SQS.openOutput(given, options)]) {
    await expect(opening).rejects.toThrow(ConfigurationError);
    await expect(opening).rejects.toThrow(expected);
  }
});
