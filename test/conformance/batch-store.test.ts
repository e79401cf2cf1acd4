import { SqliteBatchStore } from '../../lib/stores/sqlite/batch-store.ts';
import { SqliteRecordStore } from '../../lib/stores/sqlite/record-store.ts';
import { SqliteSubmissionQueue } from '../../lib/stores/sqlite/submission-queue.ts';
import { openSqlite } from '../support/sqlite.ts';
import { TestClock } from '../support/test-clock.ts';
import { exerciseBatchStore } from './batch-store-suite.ts';

exerciseBatchStore('batches in a file', async () => {
  const { file } = await openSqlite();
  const queue = new SqliteSubmissionQueue(file, 'requests', new TestClock());
  return { store: new SqliteBatchStore(file, () => queue), records: new SqliteRecordStore(file) };
});
