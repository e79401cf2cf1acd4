import { digestAt } from '../../core/model/failure-position.ts';
import type { RequestRecord } from '../../core/model/request-record.ts';
import {
  type FailureCount,
  type FailureIndex,
  type FailureListing,
  type FailureNote,
  MAX_GROUP_TENANTS,
  type TenantScope,
} from '../../core/ports/failure-index.ts';
import type { RecordPage } from '../../core/ports/record-store.ts';
import { RECORD_COLUMNS, storedOf } from './record-store.ts';
import { textOf } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';

const IN_SCOPE = '(:everybody OR tenant IS :tenant)';

const COUNT = `SELECT failure_group AS id, count(*) AS count, min(failure_position) AS first, max(failure_position) AS latest
  FROM records WHERE failure_group IS NOT NULL AND ${IN_SCOPE}`;
const COUNT_ALL = `${COUNT} GROUP BY failure_group`;
const COUNT_ONE = `${COUNT} AND failure_group = :id GROUP BY failure_group`;

/** Of the latest failures. */
const TENANTS = `SELECT DISTINCT tenant FROM (
    SELECT tenant FROM records WHERE failure_group = :id AND ${IN_SCOPE} ORDER BY failure_position DESC LIMIT 1000)
  WHERE tenant IS NOT NULL LIMIT ${MAX_GROUP_TENANTS}`;

const LATEST = `SELECT ${RECORD_COLUMNS} FROM records WHERE key = :key AND failure_group = :id`;

// A position begins with a digit, so that each is less than ':'.
const LIST = `SELECT ${RECORD_COLUMNS}, failure_position FROM records
  WHERE failure_group = :id AND ${IN_SCOPE} AND failure_position < :after ORDER BY failure_position DESC LIMIT :limit`;
const AFTER_ALL = ':';

const NOTE = 'SELECT note FROM failure_notes WHERE failure_group = :id';

const PUT_NOTE = `INSERT INTO failure_notes (failure_group, note) VALUES (:id, :note)
  ON CONFLICT (failure_group) DO UPDATE SET note = :note`;

/** Finds the failed requests of a file. */
export class SqliteFailureIndex implements FailureIndex {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async count(scope: TenantScope, id?: string): Promise<readonly FailureCount[]> {
    const bound = boundBy(scope);
    const rows =
      id === undefined
        ? this.#file.statement(COUNT_ALL).all(bound)
        : this.#file.statement(COUNT_ONE).all({ ...bound, id });
    return rows.map((row) => ({
      id: String(row.id),
      count: Number(row.count),
      first: String(row.first),
      latest: String(row.latest),
      tenants: this.#tenantsOf(String(row.id), scope),
    }));
  }

  async latest(counts: readonly FailureCount[]): Promise<ReadonlyMap<string, RequestRecord>> {
    const records = new Map<string, RequestRecord>();
    for (const { id, latest } of counts) {
      const row = this.#file.statement(LATEST).get({ id, key: digestAt(latest) });
      if (row) records.set(id, storedOf(row).record);
    }
    return records;
  }

  async list({ id, scope, after = AFTER_ALL, limit }: FailureListing): Promise<RecordPage> {
    const rows = this.#file.statement(LIST).all({ ...boundBy(scope), id, after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const records = page.map((row) => storedOf(row).record);
    return rows.length > limit ? { records, next: textOf(page.at(-1)?.failure_position) } : { records };
  }

  async notes(ids: readonly string[]): Promise<ReadonlyMap<string, FailureNote>> {
    const notes = new Map<string, FailureNote>();
    for (const id of ids) {
      const note = textOf(this.#file.statement(NOTE).get({ id })?.note);
      if (note !== undefined) notes.set(id, JSON.parse(note));
    }
    return notes;
  }

  async note(id: string, note: FailureNote): Promise<void> {
    await this.#file.write(() => this.#file.statement(PUT_NOTE).run({ id, note: JSON.stringify(note) }));
  }

  #tenantsOf(id: string, scope: TenantScope): string[] {
    const rows = this.#file.statement(TENANTS).all({ ...boundBy(scope), id });
    return rows.map(({ tenant }) => String(tenant));
  }
}

function boundBy(scope: TenantScope): { readonly everybody: number; readonly tenant: string | null } {
  return scope === 'all' ? { everybody: 1, tenant: null } : { everybody: 0, tenant: scope.tenant ?? null };
}
