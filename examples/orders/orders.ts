/** The orders service: `node orders.ts FILE`. The variable `PORT` changes its port. */
import { serve } from '@hono/node-server';
import { outboxRow, SQLITE_OUTBOX_INSERT } from 'coatcheck/outbox';
import { Hono } from 'hono';
import { type Order, openOrders } from './orders-database.ts';

const [file = 'orders.db'] = process.argv.slice(2);
const orders = openOrders(file);

const insertRow = orders.prepare(SQLITE_OUTBOX_INSERT);
const insertOrder = orders.prepare(
  'INSERT INTO orders (id, item, cents, status, ticket) VALUES (:id, :item, :cents, :status, :ticket) ON CONFLICT DO NOTHING',
);

/** Commits an order and the request to pay it: both, or neither. @returns undefined if there is an order with the id */
function place({ id, item, cents }: Pick<Order, 'id' | 'item' | 'cents'>): Order | undefined {
  const row = outboxRow({ order: id, cents });
  const order: Order = { id, item, cents, status: 'placed', ticket: row.id };
  orders.exec('BEGIN IMMEDIATE');
  try {
    insertRow.run(...Object.values(row));
    const { changes } = insertOrder.run({ ...order });
    orders.exec(changes === 1 ? 'COMMIT' : 'ROLLBACK');
    return changes === 1 ? order : undefined;
  } catch (error) {
    if (orders.isTransaction) orders.exec('ROLLBACK');
    throw error;
  }
}

function find(id: string) {
  return orders.prepare('SELECT * FROM orders WHERE id = ?').get(id);
}

const app = new Hono();

app.post('/orders', async (c) => {
  const { id, item, cents } = (await c.req.json().catch(() => undefined)) ?? {};
  if (typeof id !== 'string' || typeof item !== 'string' || !Number.isSafeInteger(cents) || cents <= 0) {
    return c.json({ error: 'An order has an id, an item, and cents above 0' }, 400);
  }
  const order = place({ id, item, cents });
  return order ? c.json(order, 201) : c.json({ error: `There is an order ${id}` }, 409);
});

app.get('/orders/:id', (c) => {
  const order = find(c.req.param('id'));
  return order ? c.json(order) : c.json({ error: 'There is no such order' }, 404);
});

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) });
