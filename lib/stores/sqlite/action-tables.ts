import type { SqliteFile } from './sqlite-file.ts';

/** A plan is `listed` when all of its requests are stored. `due_at` is set while an action runs, and the times until which it is kept while it
 * doesn't. */
const ACTIONS = `CREATE TABLE IF NOT EXISTS actions (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  action TEXT NOT NULL,
  revision INTEGER NOT NULL,
  listed INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER,
  items_until INTEGER,
  kept_until INTEGER
) STRICT`;

const DUE = 'CREATE INDEX IF NOT EXISTS actions_due ON actions (due_at) WHERE due_at IS NOT NULL';

const BY_AGE =
  'CREATE INDEX IF NOT EXISTS actions_by_age ON actions (items_until) WHERE items_until IS NOT NULL';

const ITEMS = `CREATE TABLE IF NOT EXISTS action_items (
  action INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  id TEXT NOT NULL,
  source TEXT NOT NULL,
  tenant TEXT,
  status TEXT NOT NULL,
  letter TEXT,
  redrives INTEGER,
  result TEXT,
  detail TEXT,
  retried_as TEXT,
  end TEXT,
  PRIMARY KEY (action, ordinal)
) STRICT, WITHOUT ROWID`;

const PENDING =
  'CREATE INDEX IF NOT EXISTS action_items_pending ON action_items (action, ordinal) WHERE result IS NULL';

const EXISTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'actions'";

/** Creates what a file needs for actions, unless it is there. Runs in a transaction. */
export function createActionTables(file: SqliteFile): void {
  for (const sql of [ACTIONS, DUE, BY_AGE, ITEMS, PENDING]) file.statement(sql).run();
}

/** Whether a file has had an action. */
export function hasActions(file: SqliteFile): boolean {
  return file.statement(EXISTS).get() !== undefined;
}
