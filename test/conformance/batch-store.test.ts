import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { DynamoDbBatchCounter } from '../../lib/aws/dynamodb-batch-counter.ts';
import { DynamoDbBatchStore } from '../../lib/aws/dynamodb-batch-store.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { batchChangesOf } from '../../lib/lambda/batch-changes.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { SqliteBatchStore } from '../../lib/stores/sqlite/batch-store.ts';
import { SqliteRecordStore } from '../../lib/stores/sqlite/record-store.ts';
import { SqliteSubmissionQueue } from '../../lib/stores/sqlite/submission-queue.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { createRequestTable } from '../support/request-table.ts';
import { openSqlite } from '../support/sqlite.ts';
import { TableStream } from '../support/table-stream.ts';
import { TestClock } from '../support/test-clock.ts';
import { exerciseBatchStore } from './batch-store-suite.ts';

exerciseBatchStore('batches in a file', async () => {
  const { file } = await openSqlite();
  const queue = new SqliteSubmissionQueue(file, 'requests', new TestClock());
  const store = new SqliteBatchStore(file, () => queue);
  return { store, records: new SqliteRecordStore(file), due: store, settle: async () => {} };
});

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

exerciseBatchStore('batches on DynamoDB', async () => {
  const table = await createRequestTable(dynamodb, true);
  const stream = await TableStream.of(dynamodb, inject('endpoint'), table);
  const ports = { client: dynamodb, table, random: Math.random };
  const store = new DynamoDbBatchStore({ ...ports, queueFor: () => ({ send: async () => {} }) });
  const counter = new DynamoDbBatchCounter(ports);
  return {
    store,
    records: new DynamoDbRecordStore(dynamodb, table),
    // A deployed service has a timer for each batch.
    due: {
      takeDue: async (now, leasedUntil) => {
        const { batches } = await store.list({ limit: 100 });
        const due = await Promise.all(batches.map(({ batch }) => store.take(batch, now, leasedUntil)));
        return due.filter((each) => each !== undefined);
      },
    },
    settle: async () => {
      const Records = await stream.read();
      // Each change comes twice, and the second time in another order.
      await counter.count(batchChangesOf({ Records }, new CollectingLogger()));
      await counter.count(batchChangesOf({ Records: Records.toReversed() }, new CollectingLogger()));
    },
  };
});
