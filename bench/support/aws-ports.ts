import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { S3PayloadStore } from '../../lib/aws/s3-payload-store.ts';
import { SqsMessages } from '../../lib/aws/sqs-messages.ts';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { NUMBER_SETTINGS } from '../../lib/core/config/settings.ts';
import type { Engine } from '../../lib/core/engine/engine.ts';
import type { EnginePorts } from '../../lib/core/engine/engine-ports.ts';
import { BatchHost } from '../../lib/lambda/batch-host.ts';
import { messagesOf } from '../../lib/lambda/sqs-event.ts';
import type { InProcessAws } from './in-process-aws.ts';
import { silentLogger } from './silent-logger.ts';

/** A bucket, a queue and a table that are nowhere. */
export const BUCKET = 'payloads';
export const QUEUE_URL = 'https://sqs.us-east-1.amazonaws.com/000000000000/queue';
export const TABLE = 'requests';

/** The engine's real ports on an AWS that answers in process. */
export function awsPorts({
  queues,
  payloads,
  records,
}: InProcessAws): Pick<EnginePorts, 'store' | 'records' | 'output'> {
  return {
    store: new S3PayloadStore(payloads, BUCKET),
    records: new DynamoDbRecordStore(records, TABLE),
    output: new SqsOutputQueue(queues, QUEUE_URL),
  };
}

/** What Lambda calls for a batch: the engine in its host. Its second parameter is the time that is left. */
export function lambdaOn(
  engine: Engine,
  { queues }: InProcessAws,
): (event: SQSEvent, milliseconds?: number) => Promise<SQSBatchResponse> {
  const source = new SqsMessages(queues, QUEUE_URL, new SqsOutputQueue(queues, QUEUE_URL));
  const host = new BatchHost(engine, {
    visibilityTimeoutSeconds: NUMBER_SETTINGS.timeoutSeconds.default * 6,
    now: Date.now,
    logger: silentLogger,
  });
  return (event, milliseconds = 900_000) =>
    host.handle(
      messagesOf(event).map((message) => source.receive(message)),
      Date.now() + milliseconds,
    );
}

/** As the engine has it in Lambda. */
