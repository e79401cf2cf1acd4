#!/usr/bin/env bash
# A statement of a transaction fails, and the application catches that, for example because the row is there already. PostgreSQL
# then answers COMMIT with ROLLBACK, which is no error. pg 8.23.1 resolves client.query('COMMIT'), and Drizzle 0.45.4 on pg
# resolves transaction(), although nothing was committed. Kysely 0.29.9 on the same pg rejects, as does postgres.js 3.4.9.
set -euo pipefail
cd "$(mktemp -d)"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact pg@8.23.1 drizzle-orm@0.45.4 kysely@0.29.9 postgres@3.4.9 \
  @electric-sql/pglite@0.4.3 @electric-sql/pglite-socket@0.1.3 >/dev/null
cat > commit.js <<'JS'
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { sql as text } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import postgres from 'postgres';

const ignore = () => {};

/** Each inserts an order, then a row that is there already, and catches the error of the second. */
const LIBRARIES = {
  pg: async (url) => {
    const client = new pg.Client(url);
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query('INSERT INTO orders VALUES (17)');
      await client.query('INSERT INTO outbox VALUES (1)').catch(ignore);
      await client.query('COMMIT');
    } finally {
      await client.end();
    }
  },
  'Drizzle on pg': async (url) => {
    const pool = new pg.Pool({ connectionString: url });
    try {
      await drizzle(pool).transaction(async (transaction) => {
        await transaction.execute(text`INSERT INTO orders VALUES (17)`);
        await transaction.execute(text`INSERT INTO outbox VALUES (1)`).catch(ignore);
      });
    } finally {
      await pool.end();
    }
  },
  'Kysely on pg': async (url) => {
    const database = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }) });
    try {
      await database.transaction().execute(async (transaction) => {
        await transaction.insertInto('orders').values({ id: 17 }).execute();
        await transaction.insertInto('outbox').values({ id: 1 }).execute().catch(ignore);
      });
    } finally {
      await database.destroy();
    }
  },
  'postgres.js': async (url) => {
    const sql = postgres(url);
    try {
      await sql.begin(async (transaction) => {
        await transaction`INSERT INTO orders VALUES (17)`;
        await transaction`INSERT INTO outbox VALUES (1)`.catch(ignore);
      });
    } finally {
      await sql.end();
    }
  },
};

const database = await PGlite.create();
await database.exec(
  'CREATE TABLE orders (id integer PRIMARY KEY); CREATE TABLE outbox (id integer PRIMARY KEY); INSERT INTO outbox VALUES (1)',
);
const [{ version }] = (await database.query("SELECT split_part(version(), ' on ', 1) AS version")).rows;
console.log(`${version} (pglite 0.4.3), Node ${process.version}`);
console.log('expected: each of them rejects, since the order is not there');
const seen = [];
for (const [name, place] of Object.entries(LIBRARIES)) {
  const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0 });
  await server.start();
  const result = await place(`postgres://postgres@${server.getServerConn()}/postgres`).then(
    () => 'resolves',
    (error) => `rejects: ${error.message}`,
  );
  await server.stop();
  const { rows } = await database.query('SELECT * FROM orders');
  seen.push(`${name} ${result}; ${rows.length} orders`);
}
for (const line of seen) console.log(`observed: ${line}`);
const known = [
  'pg resolves; 0 orders',
  'Drizzle on pg resolves; 0 orders',
  'Kysely on pg rejects: Transaction was rolled back instead of committed; 0 orders',
  'postgres.js rejects: duplicate key value violates unique constraint "outbox_pkey"; 0 orders',
];
process.exit(JSON.stringify(seen) === JSON.stringify(known) ? 0 : 1);
JS
node commit.js
