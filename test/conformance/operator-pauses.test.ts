import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, inject, test } from 'vitest';
import { DynamoDbLoadLog } from '../../lib/aws/dynamodb-load-log.ts';
import { DynamoDbOperatorPauses } from '../../lib/aws/dynamodb-operator-pauses.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { SqliteLoadLog } from '../../lib/stores/sqlite/load-log.ts';
import { SqliteOperatorPauses } from '../../lib/stores/sqlite/operator-pauses.ts';
import { openSqlite } from '../support/sqlite.ts';
import { exerciseOperatorPauses } from './operator-pauses-suite.ts';
import { createRecordTable } from './record-table.ts';

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

exerciseOperatorPauses('the pause of an operator on DynamoDB', async () => {
  const table = await createRecordTable(dynamodb);
  const reopen = () => new DynamoDbOperatorPauses(dynamodb, table);
  return { pauses: reopen(), reopen, log: new DynamoDbLoadLog(dynamodb, table) };
});

exerciseOperatorPauses('the pause of an operator in a file', async () => {
  const { file, open } = await openSqlite();
  const other = await open();
  return {
    pauses: new SqliteOperatorPauses(file),
    reopen: () => new SqliteOperatorPauses(other),
    log: new SqliteLoadLog(file),
  };
});

test('the load log of another processor shows it, too', async () => {
  const table = await createRecordTable(dynamodb);
  const pause = { until: 2_000, since: 1_000, reason: 'a migration' };
  await new DynamoDbOperatorPauses(dynamodb, table).write(pause);
  const log = new DynamoDbLoadLog(dynamodb, table, 'Images/Reports');
  expect((await log.recent(1_000)).pause).toEqual(pause);
});
