/** What a team writes for the same job with Powertools: batches, idempotency, a logger, metrics and the same clients. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Upload } from '@aws-sdk/lib-storage';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';

export const clients = { queues: new SQSClient({}), payloads: new S3Client({}) };
export const commands = { GetObjectCommand, PutObjectCommand, SendMessageBatchCommand, Upload };

const logger = new Logger();
const metrics = new Metrics({ namespace: 'bench', serviceName: 'bench' });
const config = new IdempotencyConfig({ eventKeyJmesPath: 'messageId' });
const processRecord = makeIdempotent(
  async ({ body }: SQSRecord) => {
    metrics.addMetric('Handled', MetricUnit.Count, 1);
    return { size: body.length };
  },
  { config, persistenceStore: new DynamoDBPersistenceLayer({ tableName: 'none' }) },
);
const batch = new BatchProcessor(EventType.SQS);

export const handler = async (event: SQSEvent, context: Context) => {
  logger.addContext(context);
  if (event.Records.length === 0) return { batchItemFailures: [] };
  const answer = await processPartialResponse(event, processRecord, batch, { context });
  metrics.publishStoredMetrics();
  return answer;
};
