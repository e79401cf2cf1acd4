import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { newSchedule } from '../../../lib/core/intake/schedules.ts';
import { SqliteScheduleStore } from '../../../lib/stores/sqlite/schedule-store.ts';
import { openSqlite } from '../../support/sqlite.ts';

const NOW = Date.UTC(2026, 0, 31, 12);

const SCHEDULE = newSchedule(
  { name: 'hourly', cron: '0 * * * *', payload: Buffer.from('1'), contentType: 'application/json' },
  NOW,
);

test('schedules of an earlier version keep, and note runs outside of their times', async () => {
  const { file, path, open } = await openSqlite();
  await new SqliteScheduleStore(file).put(SCHEDULE, 'r-1', NOW);
  const earlier = new DatabaseSync(path);
  earlier.exec('ALTER TABLE schedules DROP COLUMN manual_at');
  earlier.exec('ALTER TABLE schedules DROP COLUMN manual_request_id');
  earlier.close();
  const store = new SqliteScheduleStore(await open());
  const before = await store.get(SCHEDULE);
  expect(before).toMatchObject({ revision: 'r-1' });
  const lastManualRun = { at: NOW, requestId: 'id-1' };
  await store.noteManualRun(SCHEDULE, lastManualRun);
  expect(await store.get(SCHEDULE)).toEqual({ ...before, lastManualRun });
});
