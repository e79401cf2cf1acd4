import { PostgresOutboxAdministration } from '../../lib/outbox/postgres/administration.ts';
import { PostgresOutboxTable } from '../../lib/outbox/postgres/table.ts';

/** Creates the table `outbox`. */
export async function createTable(url: string, notify = true): Promise<void> {
  await using outbox = new PostgresOutboxAdministration(url, new PostgresOutboxTable('outbox'));
  await outbox.define(notify);
}
