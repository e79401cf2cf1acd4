import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { S3PayloadStore } from '../../lib/aws/s3-payload-store.ts';
import { SqsInputQueue } from '../../lib/aws/sqs-input-queue.ts';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import type { EnginePorts } from '../../lib/core/engine/engine-settings.ts';
import type { InProcessAws } from './in-process-aws.ts';

/** A bucket, a queue and a table that are nowhere. */
export const BUCKET = 'payloads';
export const QUEUE_URL = 'https://sqs.us-east-1.amazonaws.com/000000000000/queue';
export const TABLE = 'requests';

/** The engine's real ports on an AWS that answers in process. */
export function awsPorts({
  queues,
  payloads,
  records,
}: InProcessAws): Pick<EnginePorts, 'store' | 'records' | 'output' | 'input' | 'deadLetters'> {
  return {
    store: new S3PayloadStore(payloads, BUCKET),
    records: new DynamoDbRecordStore(records, TABLE),
    output: new SqsOutputQueue(queues, QUEUE_URL),
    input: new SqsInputQueue(queues, QUEUE_URL),
    deadLetters: new SqsOutputQueue(queues, QUEUE_URL),
  };
}

/** As the engine has it in Lambda. */
