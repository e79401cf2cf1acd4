import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { available } from '../support/brokers/available.ts';
import { findPostgres, type PostgresTestServer, startPostgres } from '../support/brokers/postgres-server.ts';
import { INSTALL_TIMEOUT_MILLISECONDS, peerFolder } from '../support/peers/installation.ts';
import { installJsPeers } from '../support/peers/js.ts';
import { runProgram } from '../support/peers/run-program.ts';

const programs = await available('PostgreSQL', findPostgres);

const PROGRAM = 'failing-transactions.mjs';

/** What "When a transaction fails" in docs/outbox.md says of each ORM. Those that are imported into the tests are in test/brokers. */
describe.runIf(programs)('an ORM whose transaction fails', () => {
  let server: PostgresTestServer;
  let folder: string;

  beforeAll(async () => {
    server = await startPostgres(programs ?? '');
    ({ folder } = await installJsPeers('orms'));
    await copyFile(join(peerFolder('orms'), PROGRAM), join(folder, PROGRAM));
  }, INSTALL_TIMEOUT_MILLISECONDS);
  afterAll(() => server?.[Symbol.asyncDispose]());

  test.each(['Knex', 'Objection', 'Sequelize', 'TypeORM', 'MikroORM'])(
    '%s resolves after a caught error, rejects without a connection, and commits neither',
    async (orm) => {
      const database = new Client({ connectionString: server.url });
      await database.connect();
      await database.query('CREATE TABLE IF NOT EXISTS orders (id integer PRIMARY KEY)');
      const output = await runProgram(process.execPath, [PROGRAM, orm, server.url], { cwd: folder });
      expect(JSON.parse(output.trim().split('\n').at(-1) ?? '')).toEqual({
        caught: 'resolves',
        lost: 'rejects',
      });
      expect((await database.query('SELECT id FROM orders')).rows).toEqual([]);
      await database.end();
    },
  );
});
