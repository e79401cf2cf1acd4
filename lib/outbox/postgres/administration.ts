import type { Pool } from 'pg';
import type { OutboxLevel } from '../outbox-source.ts';
import { explained, PostgresServer } from './connection.ts';
import { readLevel } from './level.ts';
import type { PostgresOutboxTable } from './table.ts';

/** A row that was refused, and is kept until it is put back or dropped. */
export interface RefusedRow {
  readonly id: string;
  readonly aggregatetype: string;
  readonly aggregateid: string;
  readonly type: string;
  readonly reason: string;
  /** When it was inserted, in ISO 8601. */
  readonly insertedAt: string;
  /** Later rows of its aggregate, which wait for it where order is kept. */
  readonly behind: number;
}

/** What people do with an outbox table. Every method throws a ConfigurationError for a table that can't be used. */
export class PostgresOutboxAdministration implements AsyncDisposable {
  readonly #server: PostgresServer;
  readonly #pool: Pool;
  readonly #table: PostgresOutboxTable;

  /** @throws ConfigurationError for a URL that can't be used */
  constructor(url: string, table: PostgresOutboxTable) {
    this.#server = new PostgresServer(url);
    this.#pool = this.#server.pool();
    this.#table = table;
  }

  /** Creates the table, or adds what is missing. @param notify whether each insert announces itself */
  async define(notify: boolean): Promise<void> {
    await this.#explaining(() => this.#pool.query(this.#table.definition(notify)));
  }

  level(): Promise<OutboxLevel> {
    return this.#explaining(() => readLevel(this.#pool, this.#table.sql));
  }

  /** The refused rows, the oldest first. */
  async refused(limit: number): Promise<RefusedRow[]> {
    const { sql } = this.#table;
    const { rows } = await this.#explaining(() =>
      this.#pool.query<Omit<RefusedRow, 'behind'> & { readonly behind: string }>(
        `SELECT id, aggregatetype, aggregateid, type, refused AS reason,
          to_char(inserted AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "insertedAt",
          (SELECT count(*) FROM ${sql} AS later
            WHERE later.aggregateid = row.aggregateid AND later.position > row.position) AS behind
        FROM ${sql} AS row WHERE refused IS NOT NULL ORDER BY position LIMIT $1`,
        [limit],
      ),
    );
    return rows.map((row) => ({ ...row, behind: Number(row.behind) }));
  }

  /** Has refused rows relayed again, in their place. @param ids @default - all @returns how many */
  async putBack(ids?: readonly string[]): Promise<number> {
    return this.#change(`UPDATE ${this.#table.sql} SET refused = NULL`, ids);
  }

  /** Deletes refused rows. @returns how many */
  async drop(ids: readonly string[]): Promise<number> {
    return this.#change(`DELETE FROM ${this.#table.sql}`, ids);
  }

  async #change(statement: string, ids?: readonly string[]): Promise<number> {
    const { rowCount } = await this.#explaining(() =>
      this.#pool.query(
        `${statement} WHERE refused IS NOT NULL AND ($1::text[] IS NULL OR id::text = ANY($1))`,
        [ids ?? null],
      ),
    );
    return rowCount ?? 0;
  }

  async #explaining<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      throw explained(error, this.#server.name, this.#table.sql);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }
}
