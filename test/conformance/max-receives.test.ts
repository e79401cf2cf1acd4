import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { expect, inject, it } from 'vitest';
import { readMaxReceives } from '../../lib/aws/sqs-max-receives.ts';
import { neededReceivesOf } from '../../lib/core/config/receive-budget.ts';
import { localClients } from '../../lib/local/clients.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';

const { sqs } = localClients(inject('endpoint'));
const MAX_ATTEMPTS = 5;

async function createQueue(Attributes: Record<string, string> = {}): Promise<string> {
  const QueueName = `max-receives-${crypto.randomUUID()}`;
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl;
}

/** A queue that dead-letters after so many receives. */
async function queueWithRedrive(maxReceiveCount: number): Promise<string> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: await createQueue(),
    AttributeNames: ['QueueArn'],
  });
  const { Attributes } = await sqs.send(command);
  const deadLetterTargetArn = Attributes?.QueueArn;
  return createQueue({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }) });
}

it.each([
  ['its maxReceiveCount', () => queueWithRedrive(neededReceivesOf(MAX_ATTEMPTS)), 37],
  ['nothing without a redrive policy', () => createQueue(), undefined],
])('reads of a queue %s', async (_, queue, expected) => {
  const logger = new CollectingLogger();
  expect(await readMaxReceives(sqs, await queue(), MAX_ATTEMPTS, logger)).toBe(expected);
  expect(logger.lines).toEqual([]);
});

it('ignores a maxReceiveCount that is too small, and logs what it must be', async () => {
  const logger = new CollectingLogger();
  const url = await queueWithRedrive(3);
  expect(await readMaxReceives(sqs, url, MAX_ATTEMPTS, logger)).toBeUndefined();
  expect(logger.lines).toEqual([
    expect.objectContaining({
      level: 'error',
      message:
        `The queue ${url} has a maxReceiveCount of 3, so SQS would dead-letter messages before their 5 attempts are used up. ` +
        'Set it to at least 37',
    }),
  ]);
});

it('goes on without the number if the queue cannot be read', async () => {
  const logger = new CollectingLogger();
  const url = `${await createQueue()}-missing`;
  expect(await readMaxReceives(sqs, url, MAX_ATTEMPTS, logger)).toBeUndefined();
  expect(logger.lines).toEqual([
    expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ queueUrl: url }) }),
  ]);
});
