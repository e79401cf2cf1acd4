import type { DatabaseSync } from 'node:sqlite';

/** Ends a transaction without its changes. */
export function rollback(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // After some errors, such as a full disk, SQLite has rolled back by itself.
  }
}
