/** The background worker of the orders service: `node relay.ts ORDERS_FILE PAYMENTS_FILE`. */
import { openService } from 'coatcheck/embedded';
import { openOrders } from './orders-database.ts';

const [ordersFile = 'orders.db', paymentsFile = 'payments.db'] = process.argv.slice(2);
const orders = openOrders(ordersFile);
// Without a processor: requests go in here, and the payments service runs them.
const payments = await openService({ file: paymentsFile });

// There: what is committed in the outbox becomes a request.
await payments.relayOutbox({ file: ordersFile });

// And back. An outcome may come twice. `paid` is final: a payment that failed can be redriven, and succeed.
const settle = orders.prepare("UPDATE orders SET status = ? WHERE ticket = ? AND status <> 'paid'");
payments.consume(({ requestId, status }) => {
  settle.run(status === 'succeeded' ? 'paid' : 'payment_failed', requestId);
});
process.once('SIGTERM', () => payments.close());
