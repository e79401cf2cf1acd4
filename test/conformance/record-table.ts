import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RECORD_KEY } from '../../lib/core/config/record-table.ts';

/** Creates a table of request records without indexes. @returns its name */
export async function createRecordTable(dynamodb: DynamoDBClient): Promise<string> {
  const TableName = `conformance-${crypto.randomUUID()}`;
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: RECORD_KEY, AttributeType: 'S' }],
      KeySchema: [{ AttributeName: RECORD_KEY, KeyType: 'HASH' }],
    }),
  );
  return TableName;
}
