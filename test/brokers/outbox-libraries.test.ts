import { sql as text } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Kysely, PostgresDialect, sql as raw } from 'kysely';
import type { Pool } from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPool } from '../../examples/outbox/open-pool.ts';
import { available } from '../support/brokers/available.ts';
import { findPostgres, type PostgresTestServer, startPostgres } from '../support/brokers/postgres-server.ts';
import { eventually } from '../support/eventually.ts';

const programs = await available('PostgreSQL', findPostgres);

const ORDER = 'INSERT INTO orders VALUES (17)';

/** Fails: there is such a row. */
const TAKEN = 'INSERT INTO outbox VALUES (1)';

/** What "When a transaction fails" in docs/outbox.md says of each library: it commits an order whose other statement failed. */
describe.runIf(programs)('a library whose transaction failed, which the application caught', () => {
  let server: PostgresTestServer;
  let pool: Pool;

  beforeAll(async () => {
    server = await startPostgres(programs ?? '');
    pool = openPool(server.url);
    await pool.query('CREATE TABLE orders (id integer); CREATE TABLE outbox (id integer PRIMARY KEY)');
    await pool.query(TAKEN);
  });
  afterAll(async () => {
    await pool?.end();
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await pool.query('TRUNCATE orders');
  });

  async function orders(): Promise<number> {
    return (await pool.query('SELECT * FROM orders')).rows.length;
  }

  test('pg resolves COMMIT, with the command that PostgreSQL ran', async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query(ORDER);
    await expect(client.query(TAKEN)).rejects.toThrow('duplicate key');
    expect(await client.query('COMMIT')).toMatchObject({ command: 'ROLLBACK' });
    client.release();
    expect(await orders()).toBe(0);
  });

  test('Drizzle on pg resolves', async () => {
    await drizzle(pool).transaction(async (transaction) => {
      await transaction.execute(text.raw(ORDER));
      await expect(transaction.execute(text.raw(TAKEN))).rejects.toThrow('Failed query');
    });
    expect(await orders()).toBe(0);
  });

  test('Drizzle on pg commits what is outside of a nested transaction that failed', async () => {
    await drizzle(pool).transaction(async (transaction) => {
      await transaction.execute(text.raw(ORDER));
      const nested = transaction.transaction((savepoint) => savepoint.execute(text.raw(TAKEN)));
      await expect(nested).rejects.toThrow('Failed query');
    });
    expect(await orders()).toBe(1);
  });

  test('Kysely on pg rejects', async () => {
    await using database = new Kysely({ dialect: new PostgresDialect({ pool: openPool(server.url) }) });
    const placed = database.transaction().execute(async (transaction) => {
      await raw.raw(ORDER).execute(transaction);
      await expect(raw.raw(TAKEN).execute(transaction)).rejects.toThrow('duplicate key');
    });
    await expect(placed).rejects.toThrow('Transaction was rolled back instead of committed');
    expect(await orders()).toBe(0);
  });

  test('postgres.js rejects with the error that was caught', async () => {
    const sql = postgres(server.url);
    const placed = sql.begin(async (transaction) => {
      await transaction.unsafe(ORDER);
      await expect(transaction.unsafe(TAKEN)).rejects.toThrow('duplicate key');
    });
    await expect(placed).rejects.toThrow('duplicate key');
    await sql.end();
    expect(await orders()).toBe(0);
  });

  test('postgres.js commits a statement of a transaction whose connection ended', async () => {
    const sql = postgres(server.url, { max: 1, onnotice: () => {} });
    const inserted = Promise.withResolvers<void>();
    const placed = sql.begin(async (transaction) => {
      const [own] = await transaction`SELECT pg_backend_pid() AS pid`;
      await pool.query('SELECT pg_terminate_backend($1)', [own?.pid]);
      // Another query of the application has it connect again.
      await eventually(() => sql`SELECT 1`);
      await transaction.unsafe(ORDER).then(() => inserted.resolve(), inserted.reject);
    });
    await expect(placed).rejects.toThrow();
    await inserted.promise;
    await sql.end();
    expect(await orders()).toBe(1);
  });
});
