/** What a function without Coatcheck needs: two clients and the calls of a batch. It sends its results. */
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { product, QUEUE_URL } from './work.ts';

export const clients = { queues: new SQSClient({}), payloads: new S3Client({}) };

export const commands = {
  ChangeMessageVisibilityBatchCommand,
  CopyObjectCommand,
  DeleteMessageBatchCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
};

export const handler = async ({ Records }: SQSEvent) => {
  const Entries = Records.map(({ body }, index) => ({
    Id: String(index),
    MessageBody: JSON.stringify(product(JSON.parse(body))),
  }));
  await clients.queues.send(new SendMessageBatchCommand({ QueueUrl: QUEUE_URL, Entries }));
  return { batchItemFailures: [] };
};
