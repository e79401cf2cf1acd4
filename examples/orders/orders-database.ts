import { DatabaseSync } from 'node:sqlite';
import { SQLITE_OUTBOX } from 'coatcheck/outbox';

/** What a row of the table `orders` is. */
export interface Order {
  readonly id: string;
  readonly item: string;
  readonly cents: number;
  readonly status: 'placed' | 'paid' | 'payment_failed';
  /** The ticket of the request to pay it. */
  readonly ticket: string;
}

/** Opens the file of the orders service: the orders, and the outbox beside them. */
export function openOrders(file: string): DatabaseSync {
  // The service and its relay write to the file: each waits for the other.
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec(`PRAGMA journal_mode = WAL; ${SQLITE_OUTBOX}
    CREATE TABLE IF NOT EXISTS orders (
      id TEXT PRIMARY KEY, item TEXT NOT NULL, cents INTEGER NOT NULL, status TEXT NOT NULL, ticket TEXT NOT NULL UNIQUE
    ) STRICT`);
  return database;
}
