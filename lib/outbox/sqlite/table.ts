import { ConfigurationError } from '../../core/base/errors.ts';
import { quote } from '../../core/base/quote.ts';

/** An outbox table in a SQLite file, by its name. */
export class SqliteOutboxTable {
  /** As SQL writes it. */
  readonly sql: string;

  /** @throws ConfigurationError */
  constructor(name = 'outbox') {
    if (!/^[a-z_]\w{0,62}$/i.test(name)) {
      throw new ConfigurationError(
        `The outbox table in a SQLite file must be a name of letters, digits and _, got ${quote(name)}`,
      );
    }
    this.sql = `"${name}"`;
  }

  /** The statements that create the table. They can be repeated. */
  get definition(): string {
    const index = this.sql.replace(/"$/, '_refused"');
    return `CREATE TABLE IF NOT EXISTS ${this.sql} (
  -- The order of inserts.
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  -- The columns of Debezium's outbox event router.
  id TEXT NOT NULL UNIQUE,
  aggregatetype TEXT NOT NULL,
  aggregateid TEXT NOT NULL,
  type TEXT NOT NULL,
  payload TEXT,
  tracingspancontext TEXT,
  -- Milliseconds since 1970. No unixepoch('subsec'): it is NULL before SQLite 3.42, which Debian 12 and Ubuntu 22.04 have.
  inserted INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)),
  -- Why the row can't be relayed.
  refused TEXT
);
CREATE INDEX IF NOT EXISTS ${index} ON ${this.sql} (aggregateid, position) WHERE refused IS NOT NULL;
`;
  }
}

/**
 * SQL that inserts a row into the table `outbox` in an application's SQLite file. Its values are those of the row, in their order:
 * `database.prepare(SQLITE_OUTBOX_INSERT).run(...Object.values(row))`.
 */
export const SQLITE_OUTBOX_INSERT = `INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, tracingspancontext)
  VALUES (?, ?, ?, ?, ?, ?)`;

/** SQL that creates the table `outbox` in an application's SQLite file. It can be repeated. */
export const SQLITE_OUTBOX = new SqliteOutboxTable().definition;
