import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { failureGroupOf } from '../../../lib/core/model/failure-group.ts';
import { outcomeOf } from '../../../lib/core/model/outcome.ts';
import { SqliteFailureIndex } from '../../../lib/stores/sqlite/failure-index.ts';
import { SqliteRecordStore } from '../../../lib/stores/sqlite/record-store.ts';
import { SqliteFile } from '../../../lib/stores/sqlite/sqlite-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function failed(id: string) {
  const request = { id, source: '' };
  const problem = { type: '', title: '', detail: 'no', code: 'declined', attempts: 1 };
  const outcome = outcomeOf(request, { status: 'failed', problem }, 0);
  const record = { request, status: 'failed', attempts: 1, createdAt: 0, updatedAt: 0, outcome } as const;
  return { record, revision: 1, keptUntil: 1_000 };
}

test('a file of an earlier version gets groups for what fails from then on', async () => {
  const path = `${await temporaryFolder()}/coatcheck.db`;
  await (await SqliteFile.open(path))[Symbol.asyncDispose]();
  const database = new DatabaseSync(path);
  database.exec(`DROP INDEX records_by_failure; ALTER TABLE records DROP COLUMN failure_group;
    ALTER TABLE records DROP COLUMN failure_position; DROP TABLE failure_notes`);
  database.exec(`INSERT INTO records (key, position, revision, kept_until, record)
    VALUES ('k', '1970-01-01T00:00:00.000Z', 1, 1000, '{"status":"failed"}')`);
  database.close();

  await using file = await SqliteFile.open(path);
  const index = new SqliteFailureIndex(file);
  expect(await index.count('all')).toEqual([]);
  const { record, ...stored } = failed('r-1');
  const failureGroup = failureGroupOf(record);
  await new SqliteRecordStore(file).write({ ...stored, record: { ...record, failureGroup } });
  expect(await index.count('all')).toMatchObject([{ id: failureGroup, count: 1 }]);
});

test('groups are counted and listed by the index alone, whatever the number of records', async () => {
  await using file = await SqliteFile.open(`${await temporaryFolder()}/coatcheck.db`);
  const plan = (sql: string) =>
    file
      .statement(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail));
  expect(
    plan(`SELECT failure_group, count(*), min(failure_position), max(failure_position) FROM records
      WHERE failure_group IS NOT NULL AND (1 OR tenant IS NULL) GROUP BY failure_group`),
  ).toEqual([expect.stringContaining('USING COVERING INDEX records_by_failure')]);
});
