#!/usr/bin/env bash
# PostgreSQL ends the connection of a transaction of postgres.js 3.4.9 between two statements, as idle_in_transaction_session_timeout
# does. If another query has made postgres.js connect again by then, the next statement of the transaction runs on the new
# connection, outside of any transaction, and is committed. sql.begin() rejects, but half of what it should have rolled back is
# there. The pool has one connection here, as usual in a function.
set -euo pipefail
cd "$(mktemp -d)"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact postgres@3.4.9 \
  @electric-sql/pglite@0.4.3 @electric-sql/pglite-socket@0.1.3 >/dev/null
cat > outside.js <<'JS'
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import postgres from 'postgres';

const database = await PGlite.create();
await database.exec('CREATE TABLE orders (id integer); CREATE TABLE outbox (id integer)');
const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0 });
await server.start();
const upstream = new URL(`tcp://${server.getServerConn()}`);

/** Between client and server, to end a connection. */
const connections = new Set();
const proxy = createServer((socket) => {
  const other = connect(upstream.port, upstream.hostname);
  connections.add(socket);
  for (const end of [socket, other]) end.on('error', () => {});
  socket.on('close', () => other.destroy());
  socket.pipe(other).pipe(socket);
}).listen(0, '127.0.0.1');
await once(proxy, 'listening');

const sql = postgres(`postgres://postgres@127.0.0.1:${proxy.address().port}/postgres`, { max: 1, onnotice: () => {} });
let second;
const placed = sql.begin(async (transaction) => {
  await transaction`INSERT INTO orders VALUES (17)`;
  for (const socket of connections) {
    socket.destroy();
    await once(socket, 'close');
  }
  // Something else that the application does meanwhile.
  await sql`SELECT 1`;
  second = transaction`INSERT INTO outbox VALUES (17)`.then(
    () => 'resolves',
    (error) => `rejects: ${error.message}`,
  );
  await second;
});
const begin = await placed.then(() => 'resolves', (error) => `rejects: ${error.code}`);
while (!second) await new Promise(setImmediate);
const statement = await second;
for (const socket of connections) socket.destroy();
await server.stop();
const { rows } = await database.query(
  "SELECT split_part(version(), ' on ', 1) AS version, (SELECT count(*)::int FROM orders) AS orders, (SELECT count(*)::int FROM outbox) AS outbox",
);
const [{ version, orders, outbox }] = rows;
console.log(`postgres 3.4.9, ${version} (pglite 0.4.3), Node ${process.version}: the connection ends between two inserts`);
console.log('expected: the second insert rejects, sql.begin() rejects; 0 orders, 0 rows in the outbox');
const seen = `the second insert ${statement}, sql.begin() ${begin}; ${orders} orders, ${outbox} rows in the outbox`;
console.log(`observed: ${seen}`);
const known = 'the second insert resolves, sql.begin() rejects: CONNECTION_CLOSED; 0 orders, 1 rows in the outbox';
process.exit(seen === known ? 0 : 1);
JS
node outside.js
