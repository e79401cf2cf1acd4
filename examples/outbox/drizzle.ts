import { outboxRow } from 'coatcheck/outbox';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { Order } from './order.ts';

const orders = pgTable('orders', {
  id: integer().primaryKey(),
  customer: integer().notNull(),
  item: text().notNull(),
});

/** The columns that an application writes. The relay's own are missing: don't let drizzle-kit migrate this table. */
const outbox = pgTable('outbox', {
  id: uuid().primaryKey(),
  aggregatetype: text().notNull(),
  aggregateid: text().notNull(),
  type: text().notNull(),
  payload: text(),
  tracingspancontext: text(),
});

/**
 * With Drizzle: an order and the request to invoice it, both or neither.
 * @param database on the pool of `openPool`
 * @returns the ticket of the request
 */
export async function placeOrder(database: NodePgDatabase, order: Order): Promise<string> {
  const row = outboxRow(order, { topic: 'invoices', orderingKey: `customer-${order.customer}` });
  await database.transaction(async (transaction) => {
    await transaction.insert(orders).values(order);
    await transaction.insert(outbox).values(row);
  });
  return row.id;
}
