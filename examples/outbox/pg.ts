import { outboxRow } from 'coatcheck/outbox';
import type { Pool } from 'pg';
import type { Order } from './order.ts';

/**
 * With pg: an order and the request to invoice it, both or neither.
 * @param pool see `openPool`
 * @returns the ticket of the request
 */
export async function placeOrder(pool: Pool, order: Order): Promise<string> {
  const row = outboxRow(order, { topic: 'invoices', orderingKey: `customer-${order.customer}` });
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('INSERT INTO orders (id, customer, item) VALUES ($1, $2, $3)', [
      order.id,
      order.customer,
      order.item,
    ]);
    await client.query(
      `INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, tracingspancontext)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [row.id, row.aggregatetype, row.aggregateid, row.type, row.payload, row.tracingspancontext],
    );
    const { command } = await client.query('COMMIT');
    // The answer if an error was caught above: PostgreSQL commits nothing then, and reports no error.
    if (command !== 'COMMIT') throw new Error('The order was not committed');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    client.release();
  }
  return row.id;
}
