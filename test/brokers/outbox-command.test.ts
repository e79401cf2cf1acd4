import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CoatcheckClient } from '../../lib/client/index.ts';
import { outboxRow } from '../../lib/outbox/outbox-row.ts';
import type { StoredRow } from '../../lib/outbox/outbox-source.ts';
import { available } from '../support/brokers/available.ts';
import { findPostgres, type PostgresTestServer, startPostgres } from '../support/brokers/postgres-server.ts';
import { coatcheck } from '../support/coatcheck.ts';
import { eventually } from '../support/eventually.ts';
import { openServedService } from '../support/served-service.ts';
import { QUEUES, WorkerFolder } from '../support/worker-folder.ts';
import { DOUBLING_PROCESSOR, WorkerProcess } from '../support/worker-process.ts';

const programs = await available('PostgreSQL', findPostgres);

describe.runIf(programs)('coatcheck outbox', () => {
  let postgres: PostgresTestServer;
  let database: Client;
  let tables = 0;
  let table: string;

  beforeAll(async () => {
    postgres = await startPostgres(programs ?? '');
    database = new Client({ connectionString: postgres.url });
    await database.connect();
  });
  afterAll(async () => {
    await database?.end();
    await postgres?.[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    table = `outbox_${++tables}`;
    expect(await outbox('table', '--create')).toMatchObject({ exitCode: 0 });
  });

  function outbox(...args: readonly string[]) {
    const variables = { COATCHECK_OUTBOX: postgres.url, COATCHECK_OUTBOX_TABLE: table };
    return coatcheck(['outbox', ...args], { variables });
  }

  async function status(): Promise<Record<string, unknown>> {
    const { stdout, stderr } = await outbox('status', '--json');
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }

  /** Runs a relay in a folder, until the test ends. */
  function relay(folder: string, to: string, variables: Readonly<Record<string, string>> = {}) {
    const place = ['--from', postgres.url, '--table', table, '--to', to];
    return new WorkerProcess(folder, ['relay', ...place], variables, 'outbox');
  }

  async function insert(...rows: readonly StoredRow[]): Promise<void> {
    for (const { id, aggregatetype, aggregateid, type, payload } of rows) {
      await database.query(
        `INSERT INTO ${table} (id, aggregatetype, aggregateid, type, payload) VALUES ($1, $2, $3, $4, $5)`,
        [id, aggregatetype, aggregateid, type, payload],
      );
    }
  }

  test('relays from a table to a worker, and from the table of another library', async () => {
    await using folder = await WorkerFolder.create();
    const payloads = { COATCHECK_PAYLOADS: 'file:payloads' };
    const running = relay(folder.path, QUEUES.COATCHECK_INPUT, payloads);
    const worker = folder.run([DOUBLING_PROCESSOR], { ...QUEUES, ...payloads });
    const base = await running.started();
    await worker.started();
    expect(await (await fetch(`${base}/ready`)).text()).toBe('ready\n');
    const own = outboxRow({ number: 21 }, { orderingKey: 'a', tenant: 'acme' });
    const foreign = {
      ...own,
      id: crypto.randomUUID(),
      type: 'Doubled',
      aggregatetype: 'Number',
      payload: '{"number":4}',
    };
    const large = outboxRow({ number: 3, padding: 'x'.repeat(1_500_000) });
    await insert(own, foreign, large);
    const outcomes = await folder.outcomes(3);
    expect(outcomes.map(({ subject, data }) => [subject, data]).toSorted()).toEqual(
      [
        [own.id, { double: 42 }],
        [foreign.id, { double: 8 }],
        [large.id, { double: 6 }],
      ].toSorted(),
    );
    await eventually(async () => {
      const figures = await (await fetch(`${base}/metrics`)).text();
      expect(figures).toContain('coatcheck_outbox_published_total{service="coatcheck"} 3');
      expect(figures).toContain('coatcheck_outbox_waiting{service="coatcheck"} 0');
      expect(figures).toContain('coatcheck_outbox_oldest_seconds{service="coatcheck"} 0');
    });
    running.child.kill('SIGTERM');
    expect(await running.exit()).toBe(0);
    expect(running.logged('Relay stopped')).toHaveLength(1);
    expect(running.text).not.toContain('postgres@');
  });

  test('relays to the API of a service, where a row is one request however often it is sent', async () => {
    const service = await openServedService(async (request) => request.json());
    const api = new CoatcheckClient({ baseUrl: service.url });
    await using folder = await WorkerFolder.create();
    const row = outboxRow({ order: 17 }, { topic: 'payments', metadata: { shop: '7' } });
    const bytes = outboxRow(new Uint8Array([0, 255, 254]));
    const refused = outboxRow('text', { orderingKey: 'a' });
    // The second relay sends what the first one has sent.
    for (let nth = 0; nth < 2; nth++) {
      using running = relay(folder.path, service.url);
      await running.started();
      await insert(row, bytes);
      await eventually(async () => expect(await status()).toMatchObject({ waiting: 0, refused: 0 }));
    }
    const { requests } = await api.listPage();
    expect(requests.map(({ id }) => id).toSorted()).toEqual([row.id, bytes.id].toSorted());
    expect(await api.status(row.id)).toMatchObject({ status: 'succeeded', topic: 'payments' });
    // It keeps no order.
    using running = relay(folder.path, service.url, { COATCHECK_ORDER: 'fifo' });
    await running.started();
    await insert(refused, outboxRow('later', { orderingKey: 'a' }));
    await eventually(async () => expect(await status()).toMatchObject({ waiting: 1, refused: 1 }));
    expect(await status()).toMatchObject({
      refusedRows: [{ id: refused.id, behind: 1, reason: expect.stringContaining('order_unsupported') }],
    });
    expect((await outbox('status')).stdout).toContain(`${refused.id}\ta\t`);
    expect((await outbox('retry', refused.id)).stdout).toBe('1 put back\n');
    await eventually(async () => expect(await status()).toMatchObject({ refused: 1 }));
    expect((await outbox('drop', refused.id)).stdout).toBe('1 dropped\n');
    await eventually(async () => expect(await status()).toMatchObject({ waiting: 0, refused: 1 }));
    expect(running.logged('A row of the outbox was refused')).toContainEqual(
      expect.objectContaining({ id: refused.id, reason: expect.stringContaining('order_unsupported') }),
    );
  });

  test('a relay that is killed before it deletes a row submits it again, weeks later too, and it is one request', async () => {
    const runs: string[] = [];
    const service = await openServedService(async ({ id }) => void runs.push(id));
    await using folder = await WorkerFolder.create();
    const row = outboxRow({ order: 17 });
    await insert(row);
    for (const pauseSeconds of [2 * 86_400, 20 * 86_400]) {
      // The API accepts the row, and the relay is killed before it gets the answer.
      await using between = await openSilencer(service.url, () => running.child.kill('SIGKILL'));
      using running = relay(folder.path, between.url);
      await running.started();
      await running.exit();
      await eventually(() => expect(runs).toEqual([row.id]));
      expect(await status()).toMatchObject({ waiting: 1 });
      service.clock.advanceSeconds(pauseSeconds);
    }
    using running = relay(folder.path, service.url);
    await running.started();
    await eventually(async () => expect(await status()).toMatchObject({ waiting: 0, refused: 0 }));
    const { requests } = await new CoatcheckClient({ baseUrl: service.url }).listPage();
    expect(requests.map(({ id }) => id)).toEqual([row.id]);
    expect(runs).toEqual([row.id]);
  });

  test('waits while a service answers with errors, or rejects the credentials', async () => {
    await using folder = await WorkerFolder.create();
    // Nothing is there yet.
    using running = relay(folder.path, 'http://127.0.0.1:9');
    await running.started();
    await insert(outboxRow('x'));
    await eventually(() =>
      expect(
        running.logged('Rows of the outbox could not be published; trying again').length,
      ).toBeGreaterThan(1),
    );
    expect(await status()).toMatchObject({ waiting: 1, refused: 0 });
  });

  test('prints the SQL of the table, with and without its trigger', async () => {
    const { stdout } = await coatcheck(['outbox', 'table', '--table', 'app.outbox']);
    expect(stdout).toContain('CREATE TABLE IF NOT EXISTS "app"."outbox"');
    expect(stdout).toContain('pg_notify');
    const { stdout: quiet } = await coatcheck(['outbox', 'table', '--no-notify']);
    expect(quiet).toContain('CREATE TABLE IF NOT EXISTS "outbox"');
    expect(quiet).not.toContain('pg_notify');
    await database.query('CREATE SCHEMA app');
    await database.query(stdout);
    await database.query(stdout);
  });

  test.each([
    [['status'], { COATCHECK_OUTBOX: '' }, 'COATCHECK_OUTBOX must be set'],
    [['status', '--from', 'mysql://u:secret@db/a'], {}, 'must be the URL of a PostgreSQL database, such as'],
    [
      ['relay'],
      { COATCHECK_ORDER: 'fifo', COATCHECK_OUTBOX_TO_HIGH: 'nats://u:secret@h/a' },
      'would overtake',
    ],
    [
      ['relay', '--to', 'https://api.example.com'],
      { COATCHECK_OUTBOX_TO_LOW: 'nats://h/a' },
      'are for queues',
    ],
    [['relay', '--to', 'queue'], {}, 'COATCHECK_OUTBOX_TO must be a URL, got queue'],
  ])('explains what is wrong: %s', async (args, variables, problem) => {
    const { exitCode, stderr } = await coatcheck(['outbox', ...args], {
      variables: {
        COATCHECK_OUTBOX: postgres.url,
        COATCHECK_OUTBOX_TO: QUEUES.COATCHECK_INPUT,
        COATCHECK_STATUS_PORT: '0',
        ...variables,
      },
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain(problem);
    expect(stderr).not.toContain('secret');
  });
});

/** A server in front of an API that passes calls on, and keeps the answers for itself. @param onAnswer called for each */
async function openSilencer(api: string, onAnswer: () => void) {
  const server = createServer(async (call, response) => {
    const { method, url = '', headers } = call;
    const body = await buffer(call);
    await fetch(api + url, { method, headers: { 'content-type': headers['content-type'] ?? '' }, body });
    onAnswer();
    response.destroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}
