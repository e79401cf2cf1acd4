import { outboxRow } from 'coatcheck/outbox';
import type { Sql } from 'postgres';
import type { Order } from './order.ts';

/**
 * With postgres.js: an order and the request to invoice it, both or neither. One statement inserts them: after a lost connection,
 * postgres.js may run the second statement of a transaction outside of it.
 * @returns the ticket of the request
 */
export async function placeOrder(sql: Sql, order: Order): Promise<string> {
  const row = outboxRow(order, { topic: 'invoices', orderingKey: `customer-${order.customer}` });
  await sql`WITH placed AS (INSERT INTO orders ${sql({ ...order })}) INSERT INTO outbox ${sql({ ...row })}`;
  return row.id;
}
