import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { DatabaseSync } from 'node:sqlite';
import { ConfigurationError } from '../../core/base/errors.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import { importSqlite } from '../../stores/sqlite/import-sqlite.ts';
import { codeOf, SQLITE_ERROR, SQLITE_NOTADB } from '../../stores/sqlite/result-code.ts';
import { numberOf } from '../../stores/sqlite/row.ts';
import type { OutboxLevel } from '../outbox-source.ts';
import type { SqliteOutboxTable } from './table.ts';

/** The application's file isn't there, or has no such table. */
export class OutboxMissing extends ConfigurationError {
  override readonly name = 'OutboxMissing';
}

/**
 * Opens an application's file.
 * @param busyMilliseconds how long SQLite itself waits for a lock of the application, and the process with it
 * @throws ConfigurationError if it isn't there to be read and written ({@link OutboxMissing} if it isn't there), or if this Node has no SQLite
 */
export async function openDatabase(path: string, busyMilliseconds: number): Promise<DatabaseSync> {
  const { DatabaseSync } = await importSqlite();
  await access(path, constants.R_OK | constants.W_OK).catch((cause) => {
    if (cause.code === 'ENOENT') {
      throw new OutboxMissing(`The outbox can't be used: there is no file ${path}`, { cause });
    }
    throw new ConfigurationError(`The outbox can't be used: ${messageOf(cause)}`, { cause });
  });
  return new DatabaseSync(path, { timeout: busyMilliseconds });
}

/**
 * Runs statements about an outbox table.
 * @throws OutboxMissing if there is no such table, or if it lacks a column; ConfigurationError if the file is no database
 */
export function explaining<Value>(path: string, work: () => Value): Value {
  try {
    return work();
  } catch (cause) {
    if (codeOf(cause) === SQLITE_NOTADB) {
      throw new ConfigurationError(`The outbox can't be used: ${path} isn't a SQLite database`, { cause });
    }
    if (codeOf(cause) !== SQLITE_ERROR) throw cause;
    throw new OutboxMissing(
      `The outbox in ${path} can't be used: ${messageOf(cause)}. Create its table with SQLITE_OUTBOX of coatcheck/outbox, or with npx coatcheck outbox table --create --from sqlite:${path}`,
      { cause },
    );
  }
}

/** Reads how full an outbox table is. */
export function readLevel(database: DatabaseSync, { sql }: SqliteOutboxTable): OutboxLevel {
  const { waiting, oldest, refused } =
    database
      .prepare(
        `SELECT count(*) FILTER (WHERE refused IS NULL) AS waiting,
          min(inserted) FILTER (WHERE refused IS NULL) AS oldest, count(refused) AS refused FROM ${sql}`,
      )
      .get() ?? {};
  const since = numberOf(oldest) ?? Date.now();
  return {
    waiting: Number(waiting),
    oldestMilliseconds: Math.max(0, Date.now() - since),
    refused: Number(refused),
  };
}
