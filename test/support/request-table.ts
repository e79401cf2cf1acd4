import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  FAILURE_INDEX,
  FAILURE_LIST,
  FAILURE_POSITION,
  FAILURE_TENANT,
  RECORD_INDEX,
  RECORD_KEY,
  RECORD_LIST,
  RECORD_POSITION,
} from '../../lib/core/config/record-table.ts';

/** Creates a table for request records with its indexes, like a deployment. @param streamed whether it has a stream @returns its name */
export async function createRequestTable(client: DynamoDBClient, streamed = false): Promise<string> {
  const TableName = `conformance-${crypto.randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [RECORD_KEY, RECORD_LIST, RECORD_POSITION, FAILURE_LIST, FAILURE_POSITION].map(
        (AttributeName) => ({ AttributeName, AttributeType: 'S' }),
      ),
      KeySchema: [{ AttributeName: RECORD_KEY, KeyType: 'HASH' }],
      ...(streamed && { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } }),
      GlobalSecondaryIndexes: [
        {
          IndexName: RECORD_INDEX,
          KeySchema: [
            { AttributeName: RECORD_LIST, KeyType: 'HASH' },
            { AttributeName: RECORD_POSITION, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
        {
          IndexName: FAILURE_INDEX,
          KeySchema: [
            { AttributeName: FAILURE_LIST, KeyType: 'HASH' },
            { AttributeName: FAILURE_POSITION, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [FAILURE_TENANT] },
        },
      ],
    }),
  );
  return TableName;
}
