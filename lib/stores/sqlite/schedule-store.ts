import type { Schedule, ScheduleState } from '../../core/model/schedule.ts';
import type {
  DueSchedules,
  ListedSchedule,
  ManualRun,
  ScheduleKey,
  ScheduleStore,
  StoredSchedule,
} from '../../core/ports/schedule-store.ts';
import { numberOf, type Row, textOf } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** What {@link SqliteFile.whenChanged} calls the schedules. */
export const SCHEDULES = 'schedules';

/** No tenant has the empty name. */
const TABLE = `CREATE TABLE IF NOT EXISTS schedules (
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  schedule TEXT NOT NULL,
  revision TEXT NOT NULL,
  next_at INTEGER,
  last_at INTEGER,
  last_request_id TEXT,
  manual_at INTEGER,
  manual_request_id TEXT,
  leased_until INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID`;

const EXISTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schedules'";

const PUT = `INSERT INTO schedules (tenant, name, schedule, revision, next_at)
  VALUES (:tenant, :name, :schedule, :revision, :nextAt)
  ON CONFLICT (tenant, name) DO UPDATE
  SET schedule = :schedule, revision = :revision, next_at = :nextAt, leased_until = 0`;

const COUNT = 'SELECT count(*) AS count FROM schedules WHERE tenant = :tenant';

const LIST = 'SELECT * FROM schedules WHERE tenant = :tenant ORDER BY name';

const GET = 'SELECT * FROM schedules WHERE tenant = :tenant AND name = :name';

const REMOVE = 'DELETE FROM schedules WHERE tenant = :tenant AND name = :name RETURNING revision';

const DUE = 'SELECT tenant, name FROM schedules WHERE next_at <= :now AND leased_until <= :now';

const TAKE = `UPDATE schedules SET leased_until = :leasedUntil
  WHERE tenant = :tenant AND name = :name AND next_at <= :now AND leased_until <= :now RETURNING *`;

const ADVANCE = `UPDATE schedules
  SET next_at = :nextAt, last_at = :lastAt, last_request_id = :lastRequestId, leased_until = 0
  WHERE tenant = :tenant AND name = :name AND revision = :revision`;

const NOTE_MANUAL_RUN = `UPDATE schedules SET manual_at = :at, manual_request_id = :requestId
  WHERE tenant = :tenant AND name = :name AND ifnull(manual_at, 0) < :at`;

const NEXT = 'SELECT min(max(next_at, leased_until)) AS at FROM schedules WHERE next_at IS NOT NULL';

/** Schedules in a file. The table is there as soon as there is a schedule. */
export class SqliteScheduleStore implements ScheduleStore, DueSchedules {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async put(
    schedule: Schedule,
    revision: string,
    nextAt: number | undefined,
    only?: string,
  ): Promise<string | undefined> {
    const key = rowKeyOf(schedule);
    const row = { ...key, schedule: JSON.stringify(schedule), revision, nextAt: nextAt ?? null };
    const put = () => {
      this.#file.statement(TABLE).run();
      const replaced = textOf(this.#file.statement(GET).get(key)?.revision);
      if (only !== undefined && replaced !== only) return undefined;
      this.#file.statement(PUT).run(row);
      return replaced;
    };
    return this.#file.write(put, 'on disk', SCHEDULES);
  }

  async list(tenant: string | undefined): Promise<readonly ListedSchedule[]> {
    if (!this.#exists) return [];
    return this.#file
      .statement(LIST)
      .all({ tenant: tenant ?? '' })
      .map(storedOf);
  }

  async count(tenant: string | undefined): Promise<number> {
    if (!this.#exists) return 0;
    return Number(this.#file.statement(COUNT).get({ tenant: tenant ?? '' })?.count);
  }

  async get(key: ScheduleKey): Promise<StoredSchedule | undefined> {
    const row = this.#exists ? this.#file.statement(GET).get(rowKeyOf(key)) : undefined;
    return row && storedOf(row);
  }

  async remove(key: ScheduleKey): Promise<string | undefined> {
    if (!this.#exists) return undefined;
    const remove = () => textOf(this.#file.statement(REMOVE).get(rowKeyOf(key))?.revision);
    return this.#file.write(remove, 'on disk', SCHEDULES);
  }

  async take(key: ScheduleKey, now: number, leasedUntil: number): Promise<StoredSchedule | undefined> {
    if (!this.#exists) return undefined;
    const take = () => this.#file.statement(TAKE).get({ ...rowKeyOf(key), now, leasedUntil });
    const row = await this.#file.write(take, 'committed');
    return row && storedOf(row);
  }

  async advance({ schedule, revision }: StoredSchedule, state: ScheduleState): Promise<void> {
    const { nextAt = null, lastAt = null, lastRequestId = null } = state;
    const row = { ...rowKeyOf(schedule), revision, nextAt, lastAt, lastRequestId };
    await this.#file.write(() => this.#file.statement(ADVANCE).run(row), 'on disk', SCHEDULES);
  }

  async noteManualRun(key: ScheduleKey, { at, requestId }: ManualRun): Promise<void> {
    if (!this.#exists) return;
    const row = { ...rowKeyOf(key), at, requestId };
    await this.#file.write(() => this.#file.statement(NOTE_MANUAL_RUN).run(row), 'committed');
  }

  due(now: number): readonly ScheduleKey[] {
    const nextDueAt = this.nextDueAt();
    if (nextDueAt === undefined || nextDueAt > now) return [];
    return this.#file.statement(DUE).all({ now }).map(keyOf);
  }

  nextDueAt(): number | undefined {
    return this.#exists ? numberOf(this.#file.statement(NEXT).get()?.at) : undefined;
  }

  get #exists(): boolean {
    return this.#file.statement(EXISTS).get() !== undefined;
  }
}

function rowKeyOf({ name, tenant = '' }: ScheduleKey) {
  return { tenant, name };
}

function keyOf({ name, tenant }: Row): ScheduleKey {
  return { name: String(name), tenant: textOf(tenant) || undefined };
}

function storedOf(row: Row): StoredSchedule {
  const state = {
    nextAt: numberOf(row.next_at),
    lastAt: numberOf(row.last_at),
    lastRequestId: textOf(row.last_request_id),
  };
  const at = numberOf(row.manual_at);
  return {
    schedule: JSON.parse(String(row.schedule)),
    state,
    revision: String(row.revision),
    ...(at !== undefined && { lastManualRun: { at, requestId: String(row.manual_request_id) } }),
  };
}
