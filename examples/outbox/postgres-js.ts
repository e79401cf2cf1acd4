import { outboxRow } from 'coatcheck/outbox';
import type { Sql } from 'postgres';
import type { Order } from './order.ts';

/** With postgres.js: an order and the request to invoice it, both or neither. @returns the ticket of the request */
export async function placeOrder(sql: Sql, order: Order): Promise<string> {
  const row = outboxRow(order, { topic: 'invoices', orderingKey: `customer-${order.customer}` });
  await sql.begin(async (transaction) => {
    await transaction`INSERT INTO orders ${transaction({ ...order })}`;
    await transaction`INSERT INTO outbox ${transaction({ ...row })}`;
  });
  return row.id;
}
