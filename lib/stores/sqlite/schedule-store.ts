import type { Schedule, ScheduleState } from '../../core/model/schedule.ts';
import type { ScheduleStore, StoredSchedule } from '../../core/ports/schedule-store.ts';
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
  leased_until INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID`;

const EXISTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schedules'";

const PUT = `INSERT INTO schedules (tenant, name, schedule, revision, next_at)
  VALUES (:tenant, :name, :schedule, :revision, :nextAt)
  ON CONFLICT (tenant, name) DO UPDATE
  SET schedule = :schedule, revision = :revision, next_at = :nextAt, leased_until = 0`;

const LIST = 'SELECT * FROM schedules WHERE tenant = :tenant ORDER BY name';

const GET = 'SELECT * FROM schedules WHERE tenant = :tenant AND name = :name';

const REMOVE = 'DELETE FROM schedules WHERE tenant = :tenant AND name = :name';

const TAKE = `UPDATE schedules SET leased_until = :leasedUntil
  WHERE next_at <= :now AND leased_until <= :now RETURNING *`;

const ADVANCE = `UPDATE schedules
  SET next_at = :nextAt, last_at = :lastAt, last_request_id = :lastRequestId, leased_until = 0
  WHERE tenant = :tenant AND name = :name AND revision = :revision`;

const NEXT = 'SELECT min(max(next_at, leased_until)) AS at FROM schedules WHERE next_at IS NOT NULL';

/** Schedules in a file. The table is there as soon as there is a schedule. */
export class SqliteScheduleStore implements ScheduleStore {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async put(schedule: Schedule, nextAt: number | undefined): Promise<void> {
    const row = {
      ...keyOf(schedule.tenant, schedule.name),
      schedule: JSON.stringify(schedule),
      revision: crypto.randomUUID(),
      nextAt: nextAt ?? null,
    };
    const put = () => {
      this.#file.statement(TABLE).run();
      this.#file.statement(PUT).run(row);
    };
    await this.#file.write(put, 'on disk', SCHEDULES);
  }

  async list(tenant: string | undefined): Promise<readonly StoredSchedule[]> {
    if (!this.#exists) return [];
    return this.#file
      .statement(LIST)
      .all({ tenant: tenant ?? '' })
      .map(storedOf);
  }

  async get(tenant: string | undefined, name: string): Promise<StoredSchedule | undefined> {
    const row = this.#exists ? this.#file.statement(GET).get(keyOf(tenant, name)) : undefined;
    return row && storedOf(row);
  }

  async remove(tenant: string | undefined, name: string): Promise<boolean> {
    if (!this.#exists) return false;
    const key = keyOf(tenant, name);
    const remove = () => Number(this.#file.statement(REMOVE).run(key).changes) > 0;
    return this.#file.write(remove, 'on disk', SCHEDULES);
  }

  async takeDue(now: number, leasedUntil: number): Promise<readonly StoredSchedule[]> {
    const nextDueAt = this.nextDueAt();
    if (nextDueAt === undefined || nextDueAt > now) return [];
    const take = () => this.#file.statement(TAKE).all({ now, leasedUntil });
    return (await this.#file.write(take, 'committed')).map(storedOf);
  }

  async advance({ schedule, revision }: StoredSchedule, state: ScheduleState): Promise<void> {
    const { nextAt = null, lastAt = null, lastRequestId = null } = state;
    const row = { ...keyOf(schedule.tenant, schedule.name), revision, nextAt, lastAt, lastRequestId };
    await this.#file.write(() => this.#file.statement(ADVANCE).run(row), 'on disk', SCHEDULES);
  }

  nextDueAt(): number | undefined {
    return this.#exists ? numberOf(this.#file.statement(NEXT).get()?.at) : undefined;
  }

  get #exists(): boolean {
    return this.#file.statement(EXISTS).get() !== undefined;
  }
}

function keyOf(tenant: string | undefined, name: string) {
  return { tenant: tenant ?? '', name };
}

function storedOf(row: Row): StoredSchedule {
  const state = {
    nextAt: numberOf(row.next_at),
    lastAt: numberOf(row.last_at),
    lastRequestId: textOf(row.last_request_id),
  };
  return { schedule: JSON.parse(String(row.schedule)), state, revision: String(row.revision) };
}
