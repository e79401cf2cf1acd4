import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { DynamoDbScheduleStore } from '../../lib/aws/dynamodb-schedule-store.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { SqliteScheduleStore } from '../../lib/stores/sqlite/schedule-store.ts';
import { createRequestTable } from '../support/request-table.ts';
import { openSqlite } from '../support/sqlite.ts';
import { exerciseScheduleStore } from './schedule-store-suite.ts';

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

exerciseScheduleStore('schedules on DynamoDB', async () => {
  return new DynamoDbScheduleStore(dynamodb, await createRequestTable(dynamodb));
});

exerciseScheduleStore('schedules in a file', async () => {
  const { file } = await openSqlite();
  return new SqliteScheduleStore(file);
});
