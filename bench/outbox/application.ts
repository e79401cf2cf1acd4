/**
 * An application on PostgreSQL: changes of accounts, each with a request in the outbox, some rolled back. It runs until it is
 * killed, or until there are enough changes.
 *
 *     node application.ts URL TRANSACTIONS ACCOUNTS
 */
import { Pool } from 'pg';
import { outboxRow } from '../../lib/outbox/outbox-row.ts';

const [url, transactions = '', accounts = ''] = process.argv.slice(2);

/** Transactions at the same time. */
const CONNECTIONS = 8;

/** Of all transactions, those that are rolled back. */
const ABORTED = 0.2;

const pool = new Pool({ connectionString: url, max: CONNECTIONS });
pool.on('error', () => {});
pool.on('connect', (client) => client.on('error', () => {}));

/** @returns the number of the transaction */
async function change(): Promise<number> {
  const client = await pool.connect();
  let failed = true;
  try {
    const account = `account-${Math.floor(Math.random() * Number(accounts))}`;
    await client.query('BEGIN');
    // Locks the account: its changes have an order.
    const { rows } = await client.query(
      'UPDATE account SET changes = changes + 1 WHERE id = $1 RETURNING changes',
      [account],
    );
    const row = outboxRow({ account, change: rows[0].changes }, { orderingKey: account });
    await client.query('INSERT INTO change (request, account, nth) VALUES ($1, $2, $3)', [
      row.id,
      account,
      rows[0].changes,
    ]);
    await client.query(
      'INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload) VALUES ($1, $2, $3, $4, $5)',
      [row.id, row.aggregatetype, row.aggregateid, row.type, row.payload],
    );
    const { rows: counted } = await client.query(`SELECT nextval('transactions')`);
    await client.query(Math.random() < ABORTED ? 'ROLLBACK' : 'COMMIT');
    failed = false;
    return Number(counted[0].nextval);
  } finally {
    client.release(failed);
  }
}

async function changeOnAndOn(): Promise<void> {
  while ((await change()) < Number(transactions));
}

await Promise.all(Array.from({ length: CONNECTIONS }, changeOnAndOn));
await pool.end();
