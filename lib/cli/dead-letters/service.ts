import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDbRecordStore } from '../../aws/dynamodb-record-store.ts';
import { RequestRecords } from '../../core/request-records.ts';
import { NUMBER_SETTINGS } from '../../core/settings.ts';
import { localConfig } from '../../local/clients.ts';
import { DeadLetterQueue } from '../dead-letter-queue.ts';
import type { Deployment } from '../deployment.ts';
import { queueClients } from '../queue-clients.ts';
import { ReturnQueue } from '../return-queue.ts';
import type { LetterSource } from './letters.ts';

/** A service as its dead letters are dealt with. */
export interface LetterService extends LetterSource {
  readonly input: ReturnQueue;
}

/** Reaches what a deployment's outputs name. @throws DeploymentUnknown */
export async function letterService(deployment: Deployment): Promise<LetterService> {
  const url = deployment('DeadLetterQueueUrl');
  const { region, sqs } = await queueClients(url);
  const queues = sqs ?? new SQSClient({ region });
  const table = new DynamoDBClient(sqs ? localConfig(new URL(url).origin) : { region });
  const store = new DynamoDbRecordStore(table, deployment('RequestTableName'));
  return {
    queue: new DeadLetterQueue(queues, url),
    input: new ReturnQueue(queues, deployment('InputQueueUrl')),
    // It only reads: how long records are kept is no concern of it.
    records: new RequestRecords(store, Date.now, NUMBER_SETTINGS.recordAgeDays.default),
  };
}
