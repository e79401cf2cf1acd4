import { MAX_ACTIVITY_HOURS } from '../../core/ports/activity-log.ts';
import { hasActions } from './action-tables.ts';
import { countActivity } from './activity-tables.ts';
import { hasBatches } from './batch-tables.ts';
import { RECORD_STATUS } from './ledger-tables.ts';
import { numberOf } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';
import { subscriptionQueue, subscriptionsTo } from './subscriptions.ts';

/** Most rows that one transaction deletes: it holds up the event loop, and other processes that write. */
const MAX_ROWS = 500;

/** A request that hasn't ended keeps its record, unless it waits for an upload that never comes. */
const IS_EXPIRED = `kept_until <= :now AND (outcome IS NOT NULL OR ${RECORD_STATUS} = 'awaiting_upload')`;

const DELETE_RECORDS = `DELETE FROM records WHERE id IN (
  SELECT id FROM records WHERE ${IS_EXPIRED} LIMIT ${MAX_ROWS}) RETURNING ${RECORD_STATUS} AS status`;

/** The records of items end with their batch. */
const DELETE_OTHER_RECORDS = `DELETE FROM records WHERE id IN (
  SELECT id FROM records WHERE ${IS_EXPIRED} AND id NOT IN (SELECT record FROM batch_items) LIMIT ${MAX_ROWS})
  RETURNING ${RECORD_STATUS} AS status`;

const OVER_BATCH = 'SELECT number FROM batches WHERE kept_until <= :now AND queued + running = 0 LIMIT 1';

const ITEMS_OF_BATCH = `SELECT record FROM batch_items WHERE batch = :number ORDER BY record LIMIT ${MAX_ROWS}`;

/** A record that was changed later, by a redrive, stays until its own time. */
const DELETE_RECORDS_OF_ITEMS = `DELETE FROM records WHERE ${IS_EXPIRED} AND id IN (${ITEMS_OF_BATCH})
  RETURNING ${RECORD_STATUS} AS status`;

/** Their requests stay in the ledger. One whose upload never came has expired. */
const KEEP_IN_LEDGER = 'UPDATE ledger SET count = count + 1 WHERE figure = :status';

/** {@link KEEP_IN_LEDGER}, by time. */
const COUNT_EXPIRED = countActivity(':now', "'expired'");

const DELETE_ITEMS = `DELETE FROM batch_items WHERE record IN (${ITEMS_OF_BATCH})`;

const DELETE_BATCH = 'DELETE FROM batches WHERE number = :number';

const OVER_ACTION = 'SELECT number FROM actions WHERE items_until <= :now ORDER BY items_until LIMIT 1';

const DELETE_LISTED = `DELETE FROM action_items WHERE action = :number AND ordinal IN (
  SELECT ordinal FROM action_items WHERE action = :number LIMIT ${MAX_ROWS})`;

/** The action itself may be kept for longer than what it lists. */
const NOTE_UNLISTED =
  'UPDATE actions SET items_until = nullif(kept_until, items_until) WHERE number = :number';

const DELETE_ACTION = 'DELETE FROM actions WHERE kept_until <= :now AND number = :number';

const DELETE_KEYS = `DELETE FROM idempotency_keys WHERE name IN (
  SELECT name FROM idempotency_keys WHERE kept_until <= :now LIMIT ${MAX_ROWS})`;

const DELETE_LIMITS = 'DELETE FROM limits WHERE kept_until <= :now';

const DELETE_LOAD = 'DELETE FROM load WHERE second < :before';

const DELETE_ACTIVITY = 'DELETE FROM activity WHERE at < :before';

const DELETE_MESSAGES = `DELETE FROM messages WHERE number IN (
  SELECT number FROM messages WHERE queue = :queue AND sent_at < :before LIMIT ${MAX_ROWS})`;

const OLDEST = `SELECT min(sent_at) AS at FROM messages
  WHERE queue NOT IN (SELECT value FROM json_each(:except))`;

/** A load log is read for the last minute. */
const LOAD_SECONDS = 120;

/** An hour more than what is read, which is counted in whole buckets. */
const ACTIVITY_MILLISECONDS = (MAX_ACTIVITY_HOURS + 1) * 3_600_000;

/** How long each queue and the subscriptions to it keep a message, in seconds. Queues that aren't named keep them for ever. */
export type Retention = Readonly<Record<string, number>>;

/**
 * Deletes what a file keeps no longer: batches, actions, records, idempotency keys, unused limits, work done, old
 * counts, and messages.
 * @param now milliseconds since 1970
 */
export async function deleteExpired(file: SqliteFile, retention: Retention, now: number): Promise<void> {
  if (hasBatches(file)) await deleteBatches(file, now);
  const records = hasBatches(file) ? DELETE_OTHER_RECORDS : DELETE_RECORDS;
  while ((await file.write(() => deleteRecords(file, records, { now }), 'committed')) === MAX_ROWS);
  if (hasActions(file)) await deleteActions(file, now);
  await deleteAll(file, DELETE_KEYS, { now });
  await deleteRows(file, DELETE_LIMITS, { now });
  await deleteRows(file, DELETE_LOAD, { before: Math.floor(now / 1000) - LOAD_SECONDS });
  await deleteRows(file, DELETE_ACTIVITY, { before: now - ACTIVITY_MILLISECONDS });
  for (const [kept, seconds] of Object.entries(retention)) {
    const subscriptions = subscriptionsTo(file, kept).map((name) => subscriptionQueue(kept, name));
    for (const queue of [kept, ...subscriptions]) {
      await deleteAll(file, DELETE_MESSAGES, { queue, before: now - seconds * 1000 });
    }
  }
}

/** When the oldest message of the file was sent, in milliseconds since 1970. @param except queues that don't count */
export function oldestMessageAt(file: SqliteFile, except: readonly string[]): number | undefined {
  return numberOf(file.statement(OLDEST).get({ except: JSON.stringify(except) })?.at);
}

/** Deletes the batches whose time is over, with their items and the records of these. */
async function deleteBatches(file: SqliteFile, now: number): Promise<void> {
  for (let over = overBatch(file, now); over !== undefined; over = overBatch(file, now)) {
    const bound = { number: over };
    const deletePage = () => {
      deleteRecords(file, DELETE_RECORDS_OF_ITEMS, { ...bound, now });
      const deleted = Number(file.statement(DELETE_ITEMS).run(bound).changes);
      if (deleted < MAX_ROWS) file.statement(DELETE_BATCH).run(bound);
      return deleted;
    };
    while ((await file.write(deletePage, 'committed')) === MAX_ROWS);
  }
}

/** Deletes what actions list that needn't be known any more, and the actions whose time is over. */
async function deleteActions(file: SqliteFile, now: number): Promise<void> {
  const over = () => numberOf(file.statement(OVER_ACTION).get({ now })?.number);
  for (let number = over(); number !== undefined; number = over()) {
    const bound = { number };
    await deleteAll(file, DELETE_LISTED, bound);
    await file.write(() => {
      if (file.statement(DELETE_ACTION).run({ ...bound, now }).changes === 0)
        file.statement(NOTE_UNLISTED).run(bound);
    }, 'committed');
  }
}

/** Deletes records in a transaction. @returns how many */
function deleteRecords(
  file: SqliteFile,
  sql: string,
  bound: { readonly now: number; readonly number?: number },
): number {
  const deleted = file.statement(sql).all(bound);
  for (const row of deleted) {
    const isAbandoned = row.status === 'awaiting_upload';
    file.statement(KEEP_IN_LEDGER).run({ status: isAbandoned ? 'expired' : String(row.status) });
    if (isAbandoned) file.statement(COUNT_EXPIRED).run({ now: bound.now });
  }
  return deleted.length;
}

function overBatch(file: SqliteFile, now: number): number | undefined {
  return numberOf(file.statement(OVER_BATCH).get({ now })?.number);
}

async function deleteAll(
  file: SqliteFile,
  sql: string,
  bound: Record<string, string | number>,
): Promise<void> {
  while ((await deleteRows(file, sql, bound)) === MAX_ROWS);
}

function deleteRows(file: SqliteFile, sql: string, bound: Record<string, string | number>): Promise<number> {
  return file.write(() => Number(file.statement(sql).run(bound).changes), 'committed');
}
