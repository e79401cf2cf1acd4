import {
  BATCH_MAX_ITEMS,
  type Batch,
  type BatchCounts,
  batchSizeOf,
  COUNTED_STATUSES,
  type CountedStatus,
  countedStatusOf,
  itemRequestId,
  sealsItselfAt,
} from '../../core/model/batch.ts';
import { DEFAULT_PRIORITY, eachPriority, type Priority } from '../../core/model/priority.ts';
import type {
  BatchListing,
  BatchPage,
  BatchStore,
  DueBatch,
  DueBatches,
  ItemAddition,
  ItemPage,
  PreparedItem,
  StoredBatch,
} from '../../core/ports/batch-store.ts';
import type { SubmissionPlace } from '../../core/ports/message-sink.ts';
import { createBatchTables, hasBatches } from './batch-tables.ts';
import { RECORD_COLUMNS, recordKey, storedOf } from './record-store.ts';
import { numberOf, type Row, textOf, wholeSecond } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';
import type { SqliteSubmissionQueue } from './submission-queue.ts';

/** What {@link SqliteFile.whenChanged} calls the batches. */
export const BATCHES = 'batches';

const NONE: BatchCounts = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0 };

const CREATE = `INSERT INTO batches (id, tenant, batch, seals_at) VALUES (:id, :tenant, :batch, :sealsAt)
  ON CONFLICT (tenant, id) DO NOTHING`;

const FIND = 'SELECT * FROM batches WHERE tenant = :tenant AND id = :id';

const LIST =
  'SELECT * FROM batches WHERE tenant = :tenant AND number < :before ORDER BY number DESC LIMIT :limit';

const FINGERPRINT = `SELECT fingerprint FROM batch_items
  WHERE record = (SELECT id FROM records WHERE key = :key)`;

const ADD = `INSERT INTO batch_items (record, batch, key, fingerprint)
  VALUES ((SELECT id FROM records WHERE key = :recordKey), :number, :key, :fingerprint)`;

const COUNT_ADDED = `UPDATE batches SET ${COUNTED_STATUSES.map((name) => `${name} = ${name} + :${name}`).join(', ')},
    added_at = :at, seals_at = :sealsAt
  WHERE number = :number`;

/** A batch whose items have ended, or that has none, ends. */
const END_IF_DONE =
  'ended_at = CASE WHEN queued + running = 0 THEN :at END, expired_at_end = CASE WHEN queued + running = 0 THEN expired END';

const SEAL = `UPDATE batches SET sealed_at = :at, leased_until = 0, ${END_IF_DONE}
  WHERE tenant = :tenant AND id = :id AND sealed_at IS NULL`;

const CANCEL = `UPDATE batches SET sealed_at = coalesce(sealed_at, :at), cancelled_at = :at, cancels_after = CASE WHEN queued + running = 0 THEN NULL ELSE 0 END,
    leased_until = 0, ${END_IF_DONE}
  WHERE tenant = :tenant AND id = :id AND cancelled_at IS NULL AND ended_at IS NULL`;

const ITEMS = `SELECT batch_items.record AS number, batch_items.key AS item_key, ${RECORD_COLUMNS.split(', ')
  .map((column) => `records.${column}`)
  .join(', ')}
  FROM batch_items JOIN records ON records.id = batch_items.record
  WHERE batch_items.batch = (SELECT number FROM batches WHERE tenant = :tenant AND id = :id)
    AND batch_items.record > :after
  ORDER BY batch_items.record LIMIT :limit`;

const IS_DUE = `kept_until IS NULL AND leased_until <= :now AND (
  ended_at IS NOT NULL OR cancels_after IS NOT NULL OR (sealed_at IS NULL AND seals_at <= :now))`;

const DUE = `SELECT 1 FROM batches WHERE ${IS_DUE} LIMIT 1`;

const TAKE = `UPDATE batches SET leased_until = :leasedUntil WHERE ${IS_DUE} RETURNING *`;

const NOTE_CANCELLED = `UPDATE batches SET cancels_after = :after, leased_until = 0
  WHERE tenant = :tenant AND id = :id`;

const NOTE_REPORTED = `UPDATE batches SET kept_until = :keptUntil, leased_until = 0
  WHERE tenant = :tenant AND id = :id`;

/** Batches in a file. Its tables are there as soon as there is a batch. */
export class SqliteBatchStore implements BatchStore, DueBatches {
  readonly #file: SqliteFile;
  readonly #lanes: Readonly<Record<Priority, SqliteSubmissionQueue>>;

  /** @param laneFor the queue of the items of a priority */
  constructor(file: SqliteFile, laneFor: (priority: Priority) => SqliteSubmissionQueue) {
    this.#file = file;
    this.#lanes = eachPriority(laneFor);
  }

  create(batch: Batch): Promise<StoredBatch> {
    const row = {
      ...keyOf(batch.tenant, batch.id),
      batch: JSON.stringify(batch),
      sealsAt: sealsItselfAt(batch, {}),
    };
    const create = () => {
      createBatchTables(this.#file);
      this.#file.statement(CREATE).run(row);
      return this.#found(batch);
    };
    return this.#file.write(create, 'on disk', BATCHES);
  }

  async find(tenant: string | undefined, id: string): Promise<StoredBatch | undefined> {
    const row = hasBatches(this.#file) ? this.#file.statement(FIND).get(keyOf(tenant, id)) : undefined;
    return row && batchOf(row);
  }

  async list({ tenant = '', after, limit }: BatchListing): Promise<BatchPage> {
    if (!hasBatches(this.#file)) return { batches: [] };
    const before = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after);
    const rows = this.#file.statement(LIST).all({ tenant, before, limit: limit + 1 });
    const page = rows.slice(0, limit);
    return { batches: page.map(batchOf), ...nextOf(rows, page) };
  }

  async fingerprints(batch: Batch, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map(
      keys.flatMap((key) => {
        const fingerprint = this.#fingerprint(batch, key);
        return fingerprint === undefined ? [] : [[key, fingerprint]];
      }),
    );
  }

  add(
    batch: Batch,
    items: readonly PreparedItem[],
    at: number,
  ): Promise<readonly ItemAddition[] | undefined> {
    const sends = items.map(({ message, record, place }) =>
      this.#laneOf(place).sendingRecorded(message, batch.tenant, record, place),
    );
    // Of the others, receivers learn a moment later.
    return this.#laneOf(items[0]?.place).write(() => {
      const row = this.#file.statement(FIND).get(keyOf(batch.tenant, batch.id));
      if (!row || numberOf(row.sealed_at) !== undefined) return undefined;
      const number = Number(row.number);
      let room = BATCH_MAX_ITEMS - batchSizeOf(countsOf(row));
      const added: Record<CountedStatus, number> = { ...NONE };
      const additions = items.map(({ key, fingerprint }, index): ItemAddition => {
        const known = this.#fingerprint(batch, key);
        if (known !== undefined) return known === fingerprint ? 'repeated' : 'other_content';
        if (room === 0) return 'batch_full';
        const result = sends[index]?.();
        // A client that chose the id of the item's request for another one has a record already.
        const left = result?.written === false ? result.stored?.record : undefined;
        added[left ? countedStatusOf(left.status) : 'queued']++;
        const recordKey = recordKeyOf(batch, key);
        this.#file.statement(ADD).run({ recordKey, number, key, fingerprint });
        room--;
        return 'added';
      });
      const sealsAt = sealsItselfAt(batch, { addedAt: at });
      if (batchSizeOf(added) > 0) this.#file.statement(COUNT_ADDED).run({ number, ...added, at, sealsAt });
      return additions;
    });
  }

  seal(batch: Batch, at: number): Promise<StoredBatch> {
    return this.#change(SEAL, batch, { at });
  }

  cancel(batch: Batch, at: number): Promise<StoredBatch> {
    return this.#change(CANCEL, batch, { at });
  }

  async items({ tenant, id }: Batch, after: string | undefined, limit: number): Promise<ItemPage> {
    const bound = { ...keyOf(tenant, id), after: Number(after ?? 0), limit: limit + 1 };
    const rows = this.#file.statement(ITEMS).all(bound);
    const page = rows.slice(0, limit);
    const items = page.map((row) => ({ key: String(row.item_key), record: storedOf(row).record }));
    return { items, ...nextOf(rows, page) };
  }

  async takeDue(now: number, leasedUntil: number): Promise<readonly DueBatch[]> {
    if (!hasBatches(this.#file) || !this.#file.statement(DUE).get({ now })) return [];
    const take = () => this.#file.statement(TAKE).all({ now, leasedUntil });
    return (await this.#file.write(take, 'committed')).map(dueOf);
  }

  async noteCancelled(batch: Batch, cancelledUpTo: string | undefined): Promise<void> {
    await this.#change(NOTE_CANCELLED, batch, {
      after: cancelledUpTo === undefined ? null : Number(cancelledUpTo),
    });
  }

  async noteReported(batch: Batch, keptUntil: number): Promise<void> {
    await this.#change(NOTE_REPORTED, batch, { keptUntil: wholeSecond(keptUntil) });
  }

  #change(sql: string, batch: Batch, bound: Readonly<Record<string, number | null>>): Promise<StoredBatch> {
    const change = () => {
      this.#file.statement(sql).run({ ...bound, ...keyOf(batch.tenant, batch.id) });
      return this.#found(batch);
    };
    return this.#file.write(change, 'on disk', BATCHES);
  }

  #found({ tenant, id }: Batch): StoredBatch {
    const row = this.#file.statement(FIND).get(keyOf(tenant, id));
    if (!row) throw new Error(`The batch ${id} is gone from ${this.#file.path}`);
    return batchOf(row);
  }

  #laneOf({ priority = DEFAULT_PRIORITY }: Partial<SubmissionPlace> = {}): SqliteSubmissionQueue {
    return this.#lanes[priority];
  }

  #fingerprint(batch: Batch, key: string): string | undefined {
    return textOf(this.#file.statement(FINGERPRINT).get({ key: recordKeyOf(batch, key) })?.fingerprint);
  }
}

function keyOf(tenant: string | undefined, id: string) {
  return { tenant: tenant ?? '', id };
}

function recordKeyOf(batch: Batch, key: string): string {
  return recordKey({ id: itemRequestId(batch, key), source: '', tenant: batch.tenant });
}

/** The position of the last row of a page, if there are rows after it. */
function nextOf(rows: readonly Row[], page: readonly Row[]): { readonly next?: string } {
  return rows.length > page.length ? { next: String(page.at(-1)?.number) } : {};
}

function countsOf(row: Row): BatchCounts {
  const counts: Record<CountedStatus, number> = { ...NONE };
  for (const name of COUNTED_STATUSES) counts[name] = Number(row[name]);
  return counts;
}

function batchOf(row: Row): StoredBatch {
  return {
    batch: JSON.parse(String(row.batch)),
    state: {
      counts: countsOf(row),
      addedAt: numberOf(row.added_at),
      sealedAt: numberOf(row.sealed_at),
      cancelledAt: numberOf(row.cancelled_at),
      startedAt: numberOf(row.started_at),
      endedAt: numberOf(row.ended_at),
      expiredAtEnd: numberOf(row.expired_at_end),
    },
    keptUntil: numberOf(row.kept_until),
  };
}

function dueOf(row: Row): DueBatch {
  const after = numberOf(row.cancels_after);
  return {
    ...batchOf(row),
    cancels: after !== undefined,
    ...(after !== undefined && after > 0 && { cancelledUpTo: String(after) }),
  };
}
