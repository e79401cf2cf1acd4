#!/usr/bin/env bash
# PostgreSQL ends a connection, as at a restart, while a transaction of Drizzle 0.45.4 or Kysely 0.29.9 on a Pool of pg 8.23.1 is
# between two statements. The process ends: pg emits an error event on the client, the pool's own listener is only for idle
# clients, and the libraries add none, though only they have the client. With a listener on each client, by the event connect of
# the pool, the transaction rejects and the process goes on.
set -euo pipefail
cd "$(mktemp -d)"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact pg@8.23.1 drizzle-orm@0.45.4 kysely@0.29.9 \
  @electric-sql/pglite@0.4.3 @electric-sql/pglite-socket@0.1.3 >/dev/null
cat > application.js <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { sql as text } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Kysely, PostgresDialect, sql as raw } from 'kysely';
import pg from 'pg';

const [, , library, url, listeners] = process.argv;

function openPool() {
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => {});
  if (listeners) pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Says on IPC that the transaction is open, and waits until the server has ended its connection. */
async function betweenStatements() {
  process.send('in a transaction');
  await sleep(1_000);
}

const TRANSACTIONS = {
  Drizzle: () =>
    drizzle(openPool()).transaction(async (transaction) => {
      await transaction.execute(text`SELECT 1`);
      await betweenStatements();
      await transaction.execute(text`SELECT 2`);
    }),
  Kysely: () =>
    new Kysely({ dialect: new PostgresDialect({ pool: openPool() }) }).transaction().execute(async (transaction) => {
      await raw`SELECT 1`.execute(transaction);
      await betweenStatements();
      await raw`SELECT 2`.execute(transaction);
    }),
};
await TRANSACTIONS[library]().catch(() => {});
process.send('goes on');
process.exit(0);
JS
cat > cut.js <<'JS'
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

const database = await PGlite.create();
const [{ version }] = (await database.query("SELECT split_part(version(), ' on ', 1) AS version")).rows;

/** Runs the application and ends its connection in the transaction. @returns what it says at last, and how it ends */
async function run(library, listeners = '') {
  const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0 });
  await server.start();
  const { hostname, port } = new URL(`tcp://${server.getServerConn()}`);
  const connections = [];
  const proxy = createServer((socket) => {
    const upstream = connect(port, hostname);
    connections.push(socket, upstream);
    for (const end of [socket, upstream]) end.on('error', () => {});
    socket.pipe(upstream).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const url = `postgres://postgres@127.0.0.1:${proxy.address().port}/postgres`;
  const application = fork('application.js', [library, url, listeners], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let error = '';
  application.stderr.on('data', (chunk) => {
    error += chunk;
  });
  let said;
  application.on('message', (message) => {
    said = message;
    if (message === 'in a transaction') for (const socket of connections) socket.destroy();
  });
  const [code] = await once(application, 'close');
  proxy.close();
  await server.stop();
  const [uncaught = ''] = /Emitted 'error' event on Client instance/.exec(error) ?? [];
  return `${library}${listeners}: ${said}, exit code ${code}${uncaught && `, ${uncaught}`}`;
}

console.log(`${version} (pglite 0.4.3), Node ${process.version}: the connection ends in a transaction`);
console.log('expected: each transaction rejects, and the process goes on');
const seen = [];
for (const library of ['Drizzle', 'Kysely']) seen.push(await run(library), await run(library, ' with listeners'));
for (const line of seen) console.log(`observed: ${line}`);
const known = [
  "Drizzle: in a transaction, exit code 1, Emitted 'error' event on Client instance",
  'Drizzle with listeners: goes on, exit code 0',
  "Kysely: in a transaction, exit code 1, Emitted 'error' event on Client instance",
  'Kysely with listeners: goes on, exit code 0',
];
process.exit(JSON.stringify(seen) === JSON.stringify(known) ? 0 : 1);
JS
node cut.js
