import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outboxRow } from '../../lib/outbox/outbox-row.ts';
import { PostgresOutboxAdministration } from '../../lib/outbox/postgres/administration.ts';
import { PostgresOutboxTable } from '../../lib/outbox/postgres/table.ts';
import { available } from '../support/brokers/available.ts';
import { findPostgres, type PostgresTestServer, startPostgres } from '../support/brokers/postgres-server.ts';
import { INSTALL_TIMEOUT_MILLISECONDS, peerFolder } from '../support/peers/installation.ts';
import { installJsPeers } from '../support/peers/js.ts';
import { runProgram } from '../support/peers/run-program.ts';

const programs = await available('PostgreSQL', findPostgres);

describe.runIf(programs)('Prisma', () => {
  let server: PostgresTestServer;
  let folder: string;
  let database: Client;

  beforeAll(async () => {
    ({ folder } = await installJsPeers('prisma'));
    for (const file of ['schema.prisma', 'place-order.mjs', 'failing-transactions.mjs']) {
      await copyFile(join(peerFolder('prisma'), file), join(folder, file));
    }
    // Generating needs no engine, but Prisma would download one.
    const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', CHECKPOINT_DISABLE: '1' };
    const prisma = join(folder, 'node_modules', 'prisma', 'build', 'index.js');
    await runProgram(process.execPath, [prisma, 'generate', '--schema', 'schema.prisma'], {
      cwd: folder,
      env,
    });

    server = await startPostgres(programs ?? '');
    await using outbox = new PostgresOutboxAdministration(server.url, new PostgresOutboxTable('outbox'));
    await outbox.define(true);
    database = new Client({ connectionString: server.url });
    await database.connect();
    await database.query(
      'CREATE TABLE orders (id integer PRIMARY KEY, customer integer NOT NULL, item text NOT NULL)',
    );
  }, INSTALL_TIMEOUT_MILLISECONDS);
  afterAll(async () => {
    await database?.end();
    await server?.[Symbol.asyncDispose]();
  });

  test('commits an order with its request, or neither', async () => {
    const order = { id: 17, customer: 4, item: 'äpple' };
    const place = (row: unknown) => {
      const args = ['place-order.mjs', server.url, JSON.stringify(order), JSON.stringify(row)];
      return runProgram(process.execPath, args, { cwd: folder });
    };
    const row = outboxRow(order, { topic: 'invoices', orderingKey: 'customer-4' });
    await place(row);
    // There is such an order already.
    await expect(place(outboxRow(order))).rejects.toThrow();
    const { rows } = await database.query(
      'SELECT id, aggregatetype, aggregateid, type, payload, tracingspancontext FROM outbox',
    );
    expect(rows).toEqual([row]);
  });

  test('resolves after a caught error, rejects without a connection, and commits neither', async () => {
    const args = ['failing-transactions.mjs', server.url, '100'];
    const output = await runProgram(process.execPath, args, { cwd: folder });
    expect(JSON.parse(output)).toEqual({ caught: 'resolves', lost: 'rejects' });
    expect((await database.query('SELECT id FROM orders WHERE id >= 100')).rows).toEqual([]);
  });
});
