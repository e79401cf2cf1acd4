import { failurePositionOf } from '../../core/model/failure-position.ts';
import { parseOutcome, serializeOutcome } from '../../core/model/outcome-json.ts';
import { positionAt } from '../../core/model/record-position.ts';
import { identityDigest, type RequestIdentity } from '../../core/model/request-id.ts';
import type { RequestRecord } from '../../core/model/request-record.ts';
import { readWebhookState } from '../../core/model/webhook-state.ts';
import {
  type HandlerWrites,
  unwritable,
  type WriteKind,
  WritesFailed,
} from '../../core/ports/handler-writes.ts';
import type { RecordStore, StoredRecord, WriteResult } from '../../core/ports/record-store.ts';
import { runWrites } from './handler-transactions.ts';
import { codeOf, SQLITE_CONSTRAINT } from './result-code.ts';
import { type Row, textOf, wholeSecond } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Columns that {@link storedOf} reads. */
export const RECORD_COLUMNS = 'record, outcome, revision, kept_until, webhook, webhook_ended_at, webhook_at';

const READ = `SELECT ${RECORD_COLUMNS} FROM records WHERE key = :key`;

const INSERT = `INSERT INTO records
  (key, tenant, position, revision, kept_until, record, outcome, failure_group, failure_position)
  VALUES (:key, :tenant, :position, :revision, :keptUntil, :record, :outcome, :failureGroup, :failurePosition)
  ON CONFLICT (key) DO NOTHING`;

const UPDATE = `UPDATE records SET tenant = :tenant, position = :position, revision = :revision,
  kept_until = :keptUntil, record = :record, outcome = :outcome, failure_group = :failureGroup,
  failure_position = :failurePosition WHERE key = :key AND revision = :revision - 1`;

/** Records in a file. A write is confirmed when it is on the disk. */
export class SqliteRecordStore implements RecordStore {
  readonly writeKinds: readonly WriteKind[] = ['sqlite'];
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async read(request: RequestIdentity): Promise<StoredRecord | undefined> {
    return this.#stored(recordKey(request));
  }

  write(next: StoredRecord): Promise<WriteResult> {
    return this.#file.write(this.writing(next));
  }

  async writeWith(next: StoredRecord, writes: HandlerWrites): Promise<WriteResult> {
    const { sqlite } = writes;
    if (!sqlite) throw unwritable(writes, this.writeKinds);
    const write = this.writing(next);
    const { handlers } = this.#file;
    const change = () =>
      handlers.run((tx) => {
        const result = write();
        if (result.written) runWrites(sqlite, tx);
        return result;
      });
    const result = await this.#file.write(change).catch((error) => {
      // A constraint that is checked at the end is the handler's: the tables of records have none.
      throw codeOf(error) === SQLITE_CONSTRAINT ? new WritesFailed(error) : error;
    });
    if ('failed' in result) throw result.failed;
    return result;
  }

  /** The change that writes a record, for a transaction that makes others too. */
  writing(next: StoredRecord): () => WriteResult {
    const row = rowOf(next);
    const statement = this.#file.statement(next.revision === 1 ? INSERT : UPDATE);
    return () =>
      statement.run(row).changes === 1
        ? { written: true }
        : { written: false, stored: this.#stored(row.key) };
  }

  #stored(key: string): StoredRecord | undefined {
    const row = this.#file.statement(READ).get({ key });
    return row && storedOf(row);
  }
}

/** The key of a request's record. */
export function recordKey(request: RequestIdentity): string {
  return identityDigest('record', request);
}

/** The record of a row. */
export function storedOf(row: Row): StoredRecord {
  const rest: Omit<RequestRecord, 'outcome' | 'webhook'> = JSON.parse(textOf(row.record) ?? '');
  const outcome = textOf(row.outcome);
  const [endedAt, at] = [row.webhook_ended_at, row.webhook_at].map(Number);
  // An unreadable state is ignored: it must not block the request.
  const webhook = readWebhookState(textOf(row.webhook), { endedAt, at });
  return {
    record: {
      ...rest,
      ...(outcome !== undefined && { outcome: parseOutcome(outcome) }),
      ...(webhook && { webhook }),
    },
    revision: Number(row.revision),
    keptUntil: Number(row.kept_until),
  };
}

/** The columns of a record, without those of its webhook, which a write keeps. */
function rowOf({ record, revision, keptUntil }: StoredRecord) {
  const { outcome, webhook: _, ...rest } = record;
  const key = recordKey(record.request);
  return {
    key,
    tenant: record.request.tenant ?? null,
    position: positionAt(record.createdAt, key),
    revision,
    keptUntil: wholeSecond(keptUntil),
    record: JSON.stringify(rest),
    outcome: outcome ? serializeOutcome(outcome) : null,
    failureGroup: record.failureGroup ?? null,
    failurePosition: record.failureGroup === undefined ? null : failurePositionOf(record, key),
  };
}
