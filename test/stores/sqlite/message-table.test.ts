import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { READ_PAGE } from '../../../lib/stores/sqlite/message-table.ts';
import { SqliteFile } from '../../../lib/stores/sqlite/sqlite-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('a page of a queue is read without sorting the queue, also in a file of an earlier version', async () => {
  const path = `${await temporaryFolder()}/coatcheck.db`;
  await (await SqliteFile.open(path))[Symbol.asyncDispose]();
  const database = new DatabaseSync(path);
  database.exec('DROP INDEX messages_by_number');
  database.close();

  await using file = await SqliteFile.open(path);
  const plan = file.statement(`EXPLAIN QUERY PLAN ${READ_PAGE}`).all({ queue: 'input', after: 0, max: 1 });
  expect(plan.map(({ detail }) => detail)).toEqual([
    'SEARCH messages USING INDEX messages_by_number (queue=? AND rowid>?)',
  ]);
});
