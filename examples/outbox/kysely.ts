import { type OutboxRow, outboxRow } from 'coatcheck/outbox';
import type { Kysely } from 'kysely';
import type { Order } from './order.ts';

/** The tables of the application. */
export interface Database {
  readonly orders: Order;
  readonly outbox: OutboxRow;
}

/**
 * With Kysely: an order and the request to invoice it, both or neither.
 * @param database on the pool of `openPool`
 * @returns the ticket of the request
 */
export async function placeOrder(database: Kysely<Database>, order: Order): Promise<string> {
  const row = outboxRow(order, { topic: 'invoices', orderingKey: `customer-${order.customer}` });
  await database.transaction().execute(async (transaction) => {
    await transaction.insertInto('orders').values(order).execute();
    await transaction.insertInto('outbox').values(row).execute();
  });
  return row.id;
}
