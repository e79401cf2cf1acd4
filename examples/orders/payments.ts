/** The payments service: `node payments.ts FILE`. It charges the orders whose requests come into its file. */
import { DatabaseSync } from 'node:sqlite';
import { PermanentError, processor } from 'coatcheck';
import { openService } from 'coatcheck/embedded';

const [file = 'payments.db'] = process.argv.slice(2);

const database = new DatabaseSync(file, { timeout: 5_000 });
// No constraint keeps an order from being charged twice: nothing does so.
database.exec(`CREATE TABLE IF NOT EXISTS app_payments (
  order_id TEXT NOT NULL, cents INTEGER NOT NULL, request TEXT NOT NULL
) STRICT`);
database.close();

const CARD_LIMIT_CENTS = 100_000;

const charge = processor(async (request) => {
  const { order, cents } = (await request.json()) as { order: string; cents: number };
  if (cents > CARD_LIMIT_CENTS) throw new PermanentError('The card is declined', { code: 'card_declined' });
  // The payment and the outcome are one transaction: whatever is killed when, both are there, or neither.
  return request.complete(
    { order, charged: cents },
    { sqlite: (tx) => tx.run('INSERT INTO app_payments VALUES (?, ?, ?)', order, cents, request.id) },
  );
});

const payments = await openService({ file, processor: charge });
process.once('SIGTERM', () => payments.close());
