/** What a team writes for the same job with Powertools: batches, idempotency, a logger, metrics and the same clients. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Upload } from '@aws-sdk/lib-storage';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { product, QUEUE_URL, TABLE } from './work.ts';

export const clients = { queues: new SQSClient({}), payloads: new S3Client({}) };
export const commands = { GetObjectCommand, PutObjectCommand, Upload };

const logger = new Logger();
const metrics = new Metrics({ namespace: 'bench', serviceName: 'bench' });
const config = new IdempotencyConfig({ eventKeyJmesPath: 'messageId' });
const processRecord = makeIdempotent(
  async ({ body }: SQSRecord) => {
    const result = product(JSON.parse(body));
    const MessageBody = JSON.stringify(result);
    await clients.queues.send(new SendMessageCommand({ QueueUrl: QUEUE_URL, MessageBody }));
    metrics.addMetric('Handled', MetricUnit.Count, 1);
    return result;
  },
  { config, persistenceStore: new DynamoDBPersistenceLayer({ tableName: TABLE }) },
);
const batch = new BatchProcessor(EventType.SQS);

export const handler = async (event: SQSEvent, context: Context) => {
  logger.addContext(context);
  const answer = await processPartialResponse(event, processRecord, batch, { context });
  logger.info('Batch handled', { failed: answer.batchItemFailures.length });
  metrics.publishStoredMetrics();
  return answer;
};
