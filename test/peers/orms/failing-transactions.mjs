/**
 * Places an order in transactions of an ORM that fail. Arguments: the ORM and the URL of the database. Prints how each transaction
 * ends, as JSON: `caught`, whose failed statement the application catches, and `lost`, whose connection PostgreSQL ends.
 */
import 'reflect-metadata';
import { EntitySchema, MikroORM } from '@mikro-orm/postgresql';
import knex from 'knex';
import { Model } from 'objection';
import pg from 'pg';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';

const [orm, url] = process.argv.slice(2);

/** Opens a database: a function that runs work in a transaction, with a function that returns the rows of a statement. */
const OPEN = {
  async Knex() {
    const database = knex({ client: 'pg', connection: url });
    return (work) =>
      database.transaction((transaction) => work(async (sql) => (await transaction.raw(sql)).rows));
  },
  async Objection() {
    Model.knex(knex({ client: 'pg', connection: url }));
    return (work) =>
      Model.transaction((transaction) => work(async (sql) => (await transaction.raw(sql)).rows));
  },
  async Sequelize() {
    const database = new Sequelize(url, { logging: false });
    return (work) =>
      database.transaction((transaction) =>
        work(async (sql) => (await database.query(sql, { transaction }))[0]),
      );
  },
  async TypeORM() {
    const database = await new DataSource({ type: 'postgres', url }).initialize();
    return (work) => database.transaction((manager) => work((sql) => manager.query(sql)));
  },
  async MikroORM() {
    // It needs some entity.
    const properties = { id: { type: 'number', primary: true } };
    const entities = [new EntitySchema({ name: 'Order', tableName: 'orders', properties })];
    const database = await MikroORM.init({ clientUrl: url, entities });
    return (work) => database.em.fork().transactional((manager) => work((sql) => manager.execute(sql)));
  },
};

const transaction = await OPEN[orm]();
const ended = (result) =>
  result.then(
    () => 'resolves',
    () => 'rejects',
  );

const caught = await ended(
  transaction(async (run) => {
    await run('INSERT INTO orders VALUES (17)');
    await run('SELECT 1 / 0').catch(() => {});
  }),
);

const other = new pg.Client({ connectionString: url });
await other.connect();
const lost = await ended(
  transaction(async (run) => {
    await run('INSERT INTO orders VALUES (17)');
    const [{ pid }] = await run('SELECT pg_backend_pid() AS pid');
    await other.query('SELECT pg_terminate_backend($1, 10000)', [pid]);
    // Time for the client to hear of it.
    await other.query('SELECT pg_sleep(0.2)');
    await run('INSERT INTO orders VALUES (18)');
  }),
);

console.log(JSON.stringify({ caught, lost }));
process.exit(0);
