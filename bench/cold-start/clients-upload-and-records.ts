/** The two clients, uploads of any size, and a table to keep records in: one write before a message, one after it. */
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { SQSEvent } from 'aws-lambda';
import { handler as sendResults } from './clients-and-upload.ts';
import { TABLE } from './work.ts';

export * from './clients-and-upload.ts';

const records = new DynamoDBClient({});

export const handler = async (event: SQSEvent) => {
  await Promise.all(event.Records.map(({ messageId }) => put(messageId, 'running')));
  await Promise.all(event.Records.map(({ messageId }) => put(messageId, 'succeeded')));
  return sendResults(event);
};

function put(id: string, status: string): Promise<unknown> {
  return records.send(
    new PutItemCommand({ TableName: TABLE, Item: { pk: { S: id }, status: { S: status } } }),
  );
}
