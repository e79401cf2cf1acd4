import { drizzle } from 'drizzle-orm/node-postgres';
import { Kysely, PostgresDialect } from 'kysely';
import type { Pool } from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { placeOrder as placeByDrizzle } from '../../examples/outbox/drizzle.ts';
import { type Database, placeOrder as placeByKysely } from '../../examples/outbox/kysely.ts';
import { openPool } from '../../examples/outbox/open-pool.ts';
import type { Order } from '../../examples/outbox/order.ts';
import { placeOrder as placeByPg } from '../../examples/outbox/pg.ts';
import { placeOrder as placeByPostgresJs } from '../../examples/outbox/postgres-js.ts';
import type { StoredRow } from '../../lib/outbox/outbox-source.ts';
import { PostgresOutboxAdministration } from '../../lib/outbox/postgres/administration.ts';
import { PostgresOutbox } from '../../lib/outbox/postgres/postgres-outbox.ts';
import { PostgresOutboxTable } from '../../lib/outbox/postgres/table.ts';
import { rowMessage } from '../../lib/outbox/row-message.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { available } from '../support/brokers/available.ts';
import { findPostgres, type PostgresTestServer, startPostgres } from '../support/brokers/postgres-server.ts';
import { eventually } from '../support/eventually.ts';

const programs = await available('PostgreSQL', findPostgres);

/** Places an order in a database. @returns the ticket */
type PlaceOrder = (url: string, order: Order) => Promise<string>;

const EXAMPLES: Readonly<Record<string, PlaceOrder>> = {
  pg: async (url, order) => {
    const pool = openPool(url);
    return placeByPg(pool, order).finally(() => pool.end());
  },
  'postgres.js': async (url, order) => {
    const sql = postgres(url);
    return placeByPostgresJs(sql, order).finally(() => sql.end());
  },
  Drizzle: async (url, order) => {
    const pool = openPool(url);
    return placeByDrizzle(drizzle(pool), order).finally(() => pool.end());
  },
  Kysely: async (url, order) => {
    const pool = openPool(url);
    const database = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
    return placeByKysely(database, order).finally(() => database.destroy());
  },
};

describe.runIf(programs)('an application on PostgreSQL', () => {
  const table = new PostgresOutboxTable('outbox');
  let server: PostgresTestServer;
  let pool: Pool;

  beforeAll(async () => {
    server = await startPostgres(programs ?? '');
    pool = openPool(server.url);
    await pool.query(
      'CREATE TABLE orders (id integer PRIMARY KEY, customer integer NOT NULL, item text NOT NULL)',
    );
    await using administration = new PostgresOutboxAdministration(server.url, table);
    await administration.define(true);
  });
  afterAll(async () => {
    await pool?.end();
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await pool.query('TRUNCATE orders, outbox');
  });

  test.each(Object.entries(EXAMPLES))(
    'commits an order with its request, or neither: %s',
    async (_, place) => {
      const order = { id: 17, customer: 4, item: 'äpple' };
      const ticket = await place(server.url, order);
      // There is such an order already.
      await expect(place(server.url, order)).rejects.toThrow();
      expect((await pool.query('SELECT * FROM orders')).rows).toEqual([order]);
      const logger = new CollectingLogger();
      await using outbox = await PostgresOutbox.open({ url: server.url, table, ordered: true, logger });
      const rows: StoredRow[] = [];
      await outbox.relay(async (batch) => {
        rows.push(...batch);
        return batch.map(() => ({ published: true }));
      });
      expect(rows.map((row) => rowMessage(row).request)).toMatchObject([
        { id: ticket, topic: 'invoices', payload: { json: { value: order } } },
      ]);
      expect(rows).toMatchObject([{ aggregateid: 'customer-4' }]);
    },
  );

  // postgres.js 3.4.9 doesn't survive that: an error that nothing can catch is thrown in nextWrite().
  test.each(Object.entries(EXAMPLES).filter(([library]) => library !== 'postgres.js'))(
    'rejects, and goes on, when PostgreSQL ends its connection: %s',
    async (_, place) => {
      const blocker = await pool.connect();
      await blocker.query('BEGIN; LOCK TABLE outbox');
      const rejected = expect(place(server.url, { id: 17, customer: 4, item: 'apple' })).rejects.toThrow();
      const end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
      await eventually(async () => expect((await pool.query(end)).rowCount).toBe(1));
      await rejected;
      await blocker.query('ROLLBACK');
      blocker.release();
      expect((await pool.query('SELECT * FROM orders')).rows).toEqual([]);
    },
  );
});
