import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { outboxRow } from '../../lib/outbox/outbox-row.ts';
import { PostgresOutboxAdministration } from '../../lib/outbox/postgres/administration.ts';
import { PostgresOutboxTable } from '../../lib/outbox/postgres/table.ts';
import { available } from '../support/brokers/available.ts';
import { findPostgres, startPostgres } from '../support/brokers/postgres-server.ts';
import { INSTALL_TIMEOUT_MILLISECONDS, peerFolder } from '../support/peers/installation.ts';
import { installJsPeers } from '../support/peers/js.ts';
import { runProgram } from '../support/peers/run-program.ts';

const programs = await available('PostgreSQL', findPostgres);

test.runIf(programs)(
  'Prisma commits an order with its request, or neither',
  { timeout: INSTALL_TIMEOUT_MILLISECONDS },
  async () => {
    const { folder } = await installJsPeers('prisma');
    for (const file of ['schema.prisma', 'place-order.mjs']) {
      await copyFile(join(peerFolder('prisma'), file), join(folder, file));
    }
    // Generating needs no engine, but Prisma would download one.
    const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', CHECKPOINT_DISABLE: '1' };
    const prisma = join(folder, 'node_modules', 'prisma', 'build', 'index.js');
    await runProgram(process.execPath, [prisma, 'generate', '--schema', 'schema.prisma'], {
      cwd: folder,
      env,
    });

    await using server = await startPostgres(programs ?? '');
    await using outbox = new PostgresOutboxAdministration(server.url, new PostgresOutboxTable('outbox'));
    await outbox.define(true);
    const database = new Client({ connectionString: server.url });
    await database.connect();
    await database.query(
      'CREATE TABLE orders (id integer PRIMARY KEY, customer integer NOT NULL, item text NOT NULL)',
    );

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
    await database.end();
    expect(rows).toEqual([row]);
  },
);
