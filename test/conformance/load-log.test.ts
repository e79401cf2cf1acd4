import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { expect, inject, test } from 'vitest';
import { DynamoDbLoadLog } from '../../lib/aws/dynamodb-load-log.ts';
import { RECORD_KEY, RECORD_TTL } from '../../lib/core/config/record-table.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryLoadLog } from '../../lib/stores/memory/load-log.ts';
import { SqliteLoadLog } from '../../lib/stores/sqlite/load-log.ts';
import { openSqlite } from '../support/sqlite.ts';
import { exerciseLoadLog } from './load-log-suite.ts';
import { createRecordTable } from './record-table.ts';

exerciseLoadLog('a load log in memory', async () => {
  const log = new MemoryLoadLog();
  return { log, reopen: () => log };
});

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

exerciseLoadLog('a load log on DynamoDB', async () => {
  const table = await createRecordTable(dynamodb);
  const reopen = () => new DynamoDbLoadLog(dynamodb, table);
  return { log: reopen(), reopen };
});

test('a minute is one item, which the table drops some time after', async () => {
  const TableName = await createRecordTable(dynamodb);
  const log = new DynamoDbLoadLog(dynamodb, TableName);
  const minute = Date.UTC(2026, 0, 31, 12);
  for (const second of [0, 15, 59]) {
    await log.add(minute + second * 1_000, {
      completed: 1,
      handled: 1,
      milliseconds: 2,
      releases: 1,
      squares: 4,
    });
  }
  const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName }));
  expect(Items).toHaveLength(1);
  expect(Items[0]?.[RECORD_KEY]?.S).toBe(`load#${minute / 60_000}`);
  const kept = Number(Items[0]?.[RECORD_TTL]?.N) - minute / 1_000;
  expect(kept).toBeGreaterThan(180);
  expect(kept).toBeLessThan(86_400);
});

exerciseLoadLog('a load log in a file', async () => {
  const { file, open } = await openSqlite();
  const other = await open();
  return { log: new SqliteLoadLog(file), reopen: () => new SqliteLoadLog(other) };
});
