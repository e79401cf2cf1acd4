import { COUNTED_STATUSES, type CountedStatus, countedStatusOf } from '../../core/model/batch.ts';
import { REQUEST_STATUSES } from '../../core/model/request-record.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** No tenant has the empty name. The counts follow from the records: see {@link COUNT}. */
const BATCHES = `CREATE TABLE IF NOT EXISTS batches (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  batch TEXT NOT NULL,
  ${COUNTED_STATUSES.map((name) => `${name} INTEGER NOT NULL DEFAULT 0`).join(', ')},
  added_at INTEGER,
  seals_at INTEGER NOT NULL,
  sealed_at INTEGER,
  cancelled_at INTEGER,
  cancels_after INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  expired_at_end INTEGER,
  kept_until INTEGER,
  leased_until INTEGER NOT NULL DEFAULT 0,
  UNIQUE (tenant, id)
) STRICT`;

/** Batches that are kept for now: few, however many there were. */
const UNREPORTED = `CREATE INDEX IF NOT EXISTS batches_unreported ON batches (number) WHERE kept_until IS NULL`;

const BY_AGE =
  'CREATE INDEX IF NOT EXISTS batches_by_age ON batches (kept_until) WHERE kept_until IS NOT NULL';

/** Which records are items. Ids of records grow, so that they are in the order in which the items were added. */
const ITEMS = `CREATE TABLE IF NOT EXISTS batch_items (
  record INTEGER PRIMARY KEY,
  batch INTEGER NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL
) STRICT`;

const ITEMS_BY_BATCH = 'CREATE INDEX IF NOT EXISTS batch_items_by_batch ON batch_items (batch)';

const status = (record: 'old' | 'new') => `json_extract(${record}.record, '$.status')`;

/** What changes in a count when a record changes its status from `was` to `becomes`. */
const shift = (name: CountedStatus) => {
  const list = REQUEST_STATUSES.filter((each) => each !== 'scheduled' && countedStatusOf(each) === name)
    .map((each) => `'${each}'`)
    .join(', ');
  return `${name} = ${name} - (was IN (${list})) + (becomes IN (${list}))`;
};

/**
 * Counts items in the transaction that changes the status of their record, and notes the end of a batch with that of its last item:
 * the rule holds in all processes, and is there only where there are batches. A second end, after a redrive, changes nothing.
 */
const COUNT = `CREATE TRIGGER IF NOT EXISTS "count batch items" AFTER UPDATE OF record ON records
  WHEN EXISTS (SELECT 1 FROM batch_items WHERE record = new.id) AND ${status('new')} <> ${status('old')} BEGIN
    UPDATE batches SET ${COUNTED_STATUSES.map(shift).join(', ')}, started_at = coalesce(started_at, at)
    FROM (SELECT ${status('old')} AS was, ${status('new')} AS becomes, json_extract(new.record, '$.updatedAt') AS at)
    WHERE number = (SELECT batch FROM batch_items WHERE record = new.id);
    UPDATE batches SET ended_at = json_extract(new.record, '$.updatedAt'), expired_at_end = expired
    WHERE number = (SELECT batch FROM batch_items WHERE record = new.id)
      AND ended_at IS NULL AND sealed_at IS NOT NULL AND queued + running = 0;
  END`;

const EXISTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'batches'";

/** Creates what a file needs for batches, unless it is there. Runs in a transaction. */
export function createBatchTables(file: SqliteFile): void {
  for (const sql of [BATCHES, UNREPORTED, BY_AGE, ITEMS, ITEMS_BY_BATCH, COUNT]) file.statement(sql).run();
}

/** Whether a file has had a batch. */
export function hasBatches(file: SqliteFile): boolean {
  return file.statement(EXISTS).get() !== undefined;
}
