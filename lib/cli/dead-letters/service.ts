import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbRecordStore } from '../../aws/dynamodb-record-store.ts';
import { sqsClient } from '../../aws/sqs-client.ts';
import { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import { ReturnQueue } from '../../aws/sqs-return-queue.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import { RequestRecords } from '../../core/records/request-records.ts';
import { awsOfQueue } from '../aws-of-queue.ts';
import type { Deployment } from '../deployment.ts';
import type { LetterSource } from './letters.ts';

/** A service as its dead letters are dealt with. */
export interface LetterService extends LetterSource {
  readonly input: ReturnQueue;
}

/** Reaches what a deployment's outputs name. @throws DeploymentUnknown */
export async function letterService(deployment: Deployment): Promise<LetterService> {
  const url = deployment('DeadLetterQueueUrl');
  const aws = await awsOfQueue(url);
  const queues = sqsClient(aws);
  const table = new DynamoDBClient(aws);
  const store = new DynamoDbRecordStore(table, deployment('RequestTableName'));
  return {
    queue: new DeadLetterQueue(queues, url),
    input: new ReturnQueue(queues, deployment('InputQueueUrl')),
    // It only reads: how long records are kept is no concern of it.
    records: new RequestRecords(store, Date.now, NUMBER_SETTINGS.recordAgeDays.default),
  };
}
