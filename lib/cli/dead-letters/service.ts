import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbRecordStore } from '../../aws/dynamodb-record-store.ts';
import { sqsClient } from '../../aws/sqs-client.ts';
import { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import { SqsSender } from '../../aws/sqs-sender.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import { RequestRecords } from '../../core/records/request-records.ts';
import { awsOfQueue } from '../aws-of-queue.ts';
import type { Deployment } from '../deployment.ts';
import type { DeadLetterSource } from './walk.ts';

/** The dead letters of a deployed service, and the queue to put them back into. */
export interface DeadLetterService extends DeadLetterSource {
  readonly input: SqsSender;
}

/** Opens the queues and the table that a deployment's outputs name. @throws DeploymentUnknown */
export async function openDeadLetterService(deployment: Deployment): Promise<DeadLetterService> {
  const url = deployment('DeadLetterQueueUrl');
  const aws = await awsOfQueue(url);
  const queues = sqsClient(aws);
  const table = new DynamoDBClient(aws);
  const store = new DynamoDbRecordStore(table, deployment('RequestTableName'));
  return {
    queue: new DeadLetterQueue(queues, url),
    input: new SqsSender(queues, deployment('InputQueueUrl')),
    // Records are only read here, so their retention doesn't matter.
    records: new RequestRecords(store, Date.now, NUMBER_SETTINGS.recordAgeDays.default),
  };
}
