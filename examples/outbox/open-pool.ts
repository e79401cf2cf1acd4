import { Pool } from 'pg';

/**
 * Opens a pool for pg, Drizzle or Kysely. A connection that breaks fails its transaction. Without these listeners it would end the
 * process.
 */
export function openPool(connectionString: string): Pool {
  const pool = new Pool({ connectionString });
  // The pool's own listener is for idle connections, the other one for those in a transaction.
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  return pool;
}

function ignore(): void {}
