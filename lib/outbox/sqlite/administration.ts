import type { DatabaseSync } from 'node:sqlite';
import type { OutboxAdministration, RefusedRow } from '../outbox-administration.ts';
import type { OutboxLevel } from '../outbox-source.ts';
import { explaining, openDatabase, readLevel } from './open-database.ts';
import type { SqliteOutboxTable } from './table.ts';

/** How long a command waits for the transactions of the application. */
const BUSY_MILLISECONDS = 5_000;

/** What people do with an outbox table in a SQLite file. */
export class SqliteOutboxAdministration implements OutboxAdministration {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #table: SqliteOutboxTable;

  private constructor(path: string, database: DatabaseSync, table: SqliteOutboxTable) {
    this.#path = path;
    this.#database = database;
    this.#table = table;
  }

  /** @throws ConfigurationError if there is no such file */
  static async open(path: string, table: SqliteOutboxTable): Promise<SqliteOutboxAdministration> {
    return new SqliteOutboxAdministration(path, await openDatabase(path, BUSY_MILLISECONDS), table);
  }

  /** Relays look at the file by themselves: nothing announces inserts. */
  async define(): Promise<void> {
    explaining(this.#path, () => this.#database.exec(this.#table.definition));
  }

  async level(): Promise<OutboxLevel> {
    return explaining(this.#path, () => readLevel(this.#database, this.#table));
  }

  async refused(limit: number): Promise<RefusedRow[]> {
    const { sql } = this.#table;
    const rows = explaining(this.#path, () =>
      this.#database
        .prepare(
          `SELECT id, aggregatetype, aggregateid, type, refused, inserted,
            (SELECT count(*) FROM ${sql} AS later
              WHERE later.aggregateid = row.aggregateid AND later.position > row.position) AS behind
          FROM ${sql} AS row WHERE refused IS NOT NULL ORDER BY position LIMIT ?`,
        )
        .all(limit),
    );
    return rows.map(({ id, aggregatetype, aggregateid, type, refused, inserted, behind }) => ({
      id: String(id),
      aggregatetype: String(aggregatetype),
      aggregateid: String(aggregateid),
      type: String(type),
      reason: String(refused),
      insertedAt: new Date(Number(inserted)).toISOString(),
      behind: Number(behind),
    }));
  }

  async putBack(ids?: readonly string[]): Promise<number> {
    return this.#change(`UPDATE ${this.#table.sql} SET refused = NULL`, ids);
  }

  async drop(ids: readonly string[]): Promise<number> {
    return this.#change(`DELETE FROM ${this.#table.sql}`, ids);
  }

  #change(statement: string, ids?: readonly string[]): number {
    const list = ids === undefined ? null : JSON.stringify(ids);
    const { changes } = explaining(this.#path, () =>
      this.#database
        .prepare(
          `${statement} WHERE refused IS NOT NULL AND (?1 IS NULL OR id IN (SELECT value FROM json_each(?1)))`,
        )
        .run(list),
    );
    return Number(changes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database.close();
  }
}
