/** The two clients, uploads of any size, and a table to keep records in. */
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';

export * from './clients-and-upload.ts';

export const table = { client: new DynamoDBClient({}), commands: { PutItemCommand } };
