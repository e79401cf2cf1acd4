import type { DatabaseSync } from 'node:sqlite';
import { ACTIVITY_TABLES, HAS_ACTIVITY } from './activity-tables.ts';
import { LEDGER_TABLES } from './ledger-tables.ts';
import { rollback } from './rollback.ts';

/** The version of the tables below, in the file's `user_version`. */
const VERSION = 1;

/** Marks a file as Coatcheck's, in the file's `application_id`: "Coat". */
const APPLICATION_ID = 0x436f6174;

/**
 * Times are milliseconds since 1970. STRICT refuses values of another type: `node:sqlite` binds every number as a
 * double, which such a column turns into the integer it is.
 */
const TABLES = `
  CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    tenant TEXT,
    position TEXT NOT NULL,
    revision INTEGER NOT NULL,
    kept_until INTEGER NOT NULL,
    record TEXT NOT NULL,
    outcome TEXT,
    webhook TEXT,
    webhook_ended_at INTEGER,
    webhook_at INTEGER
  ) STRICT;
  CREATE INDEX records_by_tenant ON records (tenant, position);
  CREATE INDEX records_by_age ON records (kept_until);

  CREATE TABLE idempotency_keys (
    name TEXT PRIMARY KEY,
    request_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    used_at INTEGER NOT NULL,
    kept_until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX idempotency_keys_by_age ON idempotency_keys (kept_until);

  CREATE TABLE load (
    second INTEGER PRIMARY KEY,
    completed INTEGER NOT NULL,
    handled INTEGER NOT NULL,
    milliseconds REAL NOT NULL
  ) STRICT;

  CREATE TABLE messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    visible_at INTEGER NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 0,
    first_delivered_at INTEGER,
    sent_at INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT,
    message_group TEXT,
    attributes TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (queue, name)
  ) STRICT;
  CREATE INDEX messages_by_time ON messages (queue, visible_at);
  CREATE INDEX messages_by_age ON messages (queue, sent_at);
`;

/**
 * A record whose request may run again: it hasn't ended, or used up its attempts, so that its dead letter may be redriven.
 * A condition of the index below.
 */
export const RECORD_IN_USE = `outcome IS NULL OR instr(record, '"attemptsExhausted"')`;

/** Created in files of earlier versions, too, which had none of them. */
const LATER_ADDITIONS = `
  -- By queue and number: an index of SQLite ends with the key of the row. Without it, each page of a queue sorts all its messages.
  CREATE INDEX IF NOT EXISTS messages_by_number ON messages (queue);
  CREATE INDEX IF NOT EXISTS records_in_use ON records (id) WHERE ${RECORD_IN_USE};

  CREATE TABLE IF NOT EXISTS webhook_endpoints (
    tenant TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    endpoints TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS limits (
    name TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    state TEXT NOT NULL,
    kept_until INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS pauses (
    id INTEGER PRIMARY KEY,
    until INTEGER NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;

  CREATE TABLE IF NOT EXISTS operator_pause (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    until INTEGER NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    caller TEXT
  ) STRICT;

  CREATE TABLE IF NOT EXISTS failure_notes (
    failure_group TEXT PRIMARY KEY,
    note TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  ${LEDGER_TABLES}
`;

const HAS_RELEASES = "SELECT 1 FROM pragma_table_info('load') WHERE name = 'releases'";

/** Files of earlier versions lack them, and SQLite has no ADD COLUMN IF NOT EXISTS. */
const ADD_RELEASES = `
  ALTER TABLE load ADD COLUMN releases INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE load ADD COLUMN squares REAL NOT NULL DEFAULT 0;
`;

const HAS_FAILURE_GROUPS = "SELECT 1 FROM pragma_table_info('records') WHERE name = 'failure_group'";

/** Only failed requests are in the index, which has all that counting takes. */
const ADD_FAILURE_GROUPS = `
  ALTER TABLE records ADD COLUMN failure_group TEXT;
  ALTER TABLE records ADD COLUMN failure_position TEXT;
  CREATE INDEX records_by_failure ON records (failure_group, failure_position, tenant) WHERE failure_group IS NOT NULL;
`;
const HAS_PUBLICATIONS = "SELECT 1 FROM pragma_table_info('records') WHERE name = 'published_end'";

/** When the outcome ended that was published last, in milliseconds since 1970. */
const ADD_PUBLICATIONS = 'ALTER TABLE records ADD COLUMN published_end INTEGER';

const HAS_DISCARDS = "SELECT 1 FROM pragma_table_info('records') WHERE name = 'discarded_end'";

/** When the outcome ended whose dead letter was deleted on purpose, in milliseconds since 1970. */
const ADD_DISCARDS = 'ALTER TABLE records ADD COLUMN discarded_end INTEGER';

const LACKS_MANUAL_RUNS = `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schedules'
  AND NOT EXISTS (SELECT 1 FROM pragma_table_info('schedules') WHERE name = 'manual_at')`;

const ADD_MANUAL_RUNS = `
  ALTER TABLE schedules ADD COLUMN manual_at INTEGER;
  ALTER TABLE schedules ADD COLUMN manual_request_id TEXT;
`;

/**
 * Tables that aren't the application's: those begin with `app_`, which no table of Coatcheck ever does, or are its outbox. An
 * application may create them before Coatcheck's are there.
 */
const OTHERS = `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'app_*' AND name NOT GLOB 'sqlite_*'
  AND name <> 'outbox' LIMIT 1`;

/**
 * Creates the tables in a new file, or beside those of the application.
 * @throws Error when the file is another program's, or a later version of Coatcheck made it
 */
export function createTables(database: DatabaseSync, path: string): void {
  database.prepare('BEGIN IMMEDIATE').run();
  try {
    const version = numberOf(database, 'user_version');
    const applicationId = numberOf(database, 'application_id');
    const isFree = database.prepare(OTHERS).get() === undefined;
    if (version === 0 && applicationId === 0 && isFree) {
      database.exec(TABLES);
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${VERSION}`);
    } else if (applicationId !== APPLICATION_ID) {
      throw new Error(
        `${path} is a database of another program: choose another file. Only tables whose names begin with app_, and outbox, may be beside Coatcheck's`,
      );
    } else if (version !== VERSION) {
      throw new Error(
        `${path} has tables of version ${version}, and this version of Coatcheck reads version ${VERSION}: use the version that made the file, or another file`,
      );
    }
    database.exec(LATER_ADDITIONS);
    if (!database.prepare(HAS_RELEASES).get()) database.exec(ADD_RELEASES);
    if (!database.prepare(HAS_FAILURE_GROUPS).get()) database.exec(ADD_FAILURE_GROUPS);
    if (!database.prepare(HAS_PUBLICATIONS).get()) database.exec(ADD_PUBLICATIONS);
    if (!database.prepare(HAS_DISCARDS).get()) database.exec(ADD_DISCARDS);
    if (database.prepare(LACKS_MANUAL_RUNS).get()) database.exec(ADD_MANUAL_RUNS);
    if (!database.prepare(HAS_ACTIVITY).get()) database.exec(ACTIVITY_TABLES);
    database.exec('COMMIT');
  } catch (error) {
    rollback(database);
    throw error;
  }
}

function numberOf(database: DatabaseSync, pragma: 'user_version' | 'application_id'): number {
  return Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
}
