import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { afterAll, inject, vi } from 'vitest';
import { SQS } from '../../lib/aws/sqs-broker.ts';
import { localClients } from '../../lib/local/clients.ts';
import { awsVariables } from '../../lib/local/environment.ts';
import { SqliteBroker } from '../../lib/stores/sqlite/sqlite-broker.ts';
import { exerciseOrder } from './order-suite.ts';

const endpoint = inject('endpoint');
const { sqs } = localClients(endpoint);

async function createFifo(name: string): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({
      QueueName: `order-${name}-${crypto.randomUUID()}.fifo`,
      Attributes: {
        FifoQueue: 'true',
        DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId',
        // Of the two waits after a kill, the lease's is the one that the order depends on.
        VisibilityTimeout: '10',
      },
    }),
  );
  return QueueUrl;
}

afterAll(() => void vi.unstubAllEnvs());

exerciseOrder('SQS', async () => {
  const variables = awsVariables(endpoint);
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const [requests, outcomes, letters] = [
    await createFifo('requests'),
    await createFifo('outcomes'),
    await createFifo('letters'),
  ];
  return { broker: SQS, urls: { requests, outcomes, letters }, variables };
});

exerciseOrder('SQLite', async (onTestFinished) => {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-queues-'));
  const broker = new SqliteBroker(Date);
  onTestFinished(async () => {
    await broker[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  const urlOf = (queue: string) => `sqlite:${join(folder, 'queues.db')}?queue=${queue}`;
  const urls = { requests: urlOf('requests'), outcomes: urlOf('outcomes'), letters: urlOf('letters') };
  return { broker, urls };
});
