/** The name of the table. */
export const OUTBOX_TABLE = 'outbox';

/**
 * SQL that creates the outbox table in an application's SQLite file; it can be repeated. `position` is the order of inserts,
 * `inserted` the time in milliseconds since 1970, and `refused` the reason why the service can't take a row.
 */
export const SQLITE_OUTBOX = `CREATE TABLE IF NOT EXISTS ${OUTBOX_TABLE} (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  aggregatetype TEXT NOT NULL,
  aggregateid TEXT NOT NULL,
  type TEXT NOT NULL,
  payload TEXT,
  tracingspancontext TEXT,
  inserted INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
  refused TEXT
);
CREATE INDEX IF NOT EXISTS outbox_refused ON ${OUTBOX_TABLE} (aggregateid, position) WHERE refused IS NOT NULL;
`;
