import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CoatcheckError } from '../../lib/core/base/errors.ts';
import { outboxRow } from '../../lib/outbox/outbox-row.ts';
import type { PublishRows, StoredRow } from '../../lib/outbox/outbox-source.ts';
import { PostgresOutboxAdministration } from '../../lib/outbox/postgres/administration.ts';
import { PostgresOutbox } from '../../lib/outbox/postgres/postgres-outbox.ts';
import { PostgresOutboxTable } from '../../lib/outbox/postgres/table.ts';
import { publishEach } from '../../lib/outbox/publish-rows.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { available } from '../support/brokers/available.ts';
import { findPostgres, type PostgresTestServer, startPostgres } from '../support/brokers/postgres-server.ts';
import { eventually } from '../support/eventually.ts';

const programs = await available('PostgreSQL', findPostgres);

const NEVER = new AbortController().signal;

describe.runIf(programs)('an outbox in PostgreSQL', () => {
  let postgres: PostgresTestServer;
  let tables = 0;
  let table: PostgresOutboxTable;
  let logger: CollectingLogger;
  let client: Client;

  beforeAll(async () => {
    // Otherwise, what doesn't wait for the disk gets there by itself within 200 ms.
    postgres = await startPostgres(programs ?? '', ['wal_writer_delay=10s']);
  });
  afterAll(() => postgres?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    table = new PostgresOutboxTable(`outbox_${++tables}`);
    logger = new CollectingLogger();
    await administered((outbox) => outbox.define(true));
    client = await connected();
    return () => client.end();
  });

  async function administered<Value>(work: (outbox: PostgresOutboxAdministration) => Promise<Value>) {
    await using administration = new PostgresOutboxAdministration(postgres.url, table);
    return work(administration);
  }

  function open(ordered = true, url = postgres.url): Promise<PostgresOutbox> {
    return PostgresOutbox.open({ url, table, ordered, logger });
  }

  async function connected(): Promise<Client> {
    const client = new Client({ connectionString: postgres.url });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  async function insert(rows: readonly StoredRow[], by = client): Promise<void> {
    for (const row of rows) {
      await by.query(
        `INSERT INTO ${table.sql} (id, aggregatetype, aggregateid, type, payload, tracingspancontext)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [row.id, row.aggregatetype, row.aggregateid, row.type, row.payload, row.tracingspancontext],
      );
    }
  }

  async function remaining(): Promise<string[]> {
    const { rows } = await client.query<{ id: string }>(`SELECT id FROM ${table.sql} ORDER BY position`);
    return rows.map(({ id }) => id);
  }

  /** Publishes everything and notes it. */
  function collector() {
    const rows: StoredRow[] = [];
    const publish: PublishRows = async (batch) => {
      rows.push(...batch);
      return batch.map(() => ({ published: true }));
    };
    return { rows, publish, ids: () => rows.map(({ id }) => id) };
  }

  test('gives rows back as they were inserted, and removes them when they are published', async () => {
    await using outbox = await open();
    const rows = [
      outboxRow({ order: 17 }, { orderingKey: 'a', topic: 'payments' }),
      outboxRow('ü', { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }),
    ];
    await insert(rows);
    const collected = collector();
    expect(await outbox.relay(collected.publish)).toEqual([{ published: true }, { published: true }]);
    expect(collected.rows.map(({ payload, ...row }) => ({ ...row, payload: String(payload) }))).toMatchObject(
      rows,
    );
    expect(await remaining()).toEqual([]);
    expect(await outbox.relay(collected.publish)).toEqual([]);
  });

  test('never gives a row that is rolled back, or not yet committed', async () => {
    await using outbox = await open();
    const [open_, rolledBack, committed] = [outboxRow('1'), outboxRow('2'), outboxRow('3')];
    const collected = collector();
    const other = await connected();
    await other.query('BEGIN');
    await insert([open_], other);
    await client.query('BEGIN');
    await insert([rolledBack]);
    await client.query('ROLLBACK');
    await insert([committed]);
    await outbox.relay(collected.publish);
    expect(collected.ids()).toEqual([committed.id]);
    await other.query('COMMIT');
    await other.end();
    await outbox.relay(collected.publish);
    expect(collected.ids()).toEqual([committed.id, open_.id]);
  });

  test('keeps rows that were not published, and those whose relay failed', async () => {
    await using outbox = await open();
    const rows = [outboxRow('1'), outboxRow('2')];
    await insert(rows);
    await outbox.relay(async () => [
      { published: false, refused: false, reason: 'Throttled' },
      { published: true },
    ]);
    expect(await remaining()).toEqual([rows[0]?.id]);
    await expect(outbox.relay(() => Promise.reject(new Error('no queue')))).rejects.toThrow('no queue');
    const collected = collector();
    await outbox.relay(collected.publish);
    expect(collected.ids()).toEqual([rows[0]?.id]);
  });

  test('takes a large batch in parts', async () => {
    await using outbox = await open();
    await insert(Array.from({ length: 300 }, () => outboxRow('x', { orderingKey: 'same' })));
    const collected = collector();
    const sizes: number[] = [];
    while (true) {
      const batch = await outbox.relay(collected.publish);
      if (batch.length === 0) break;
      sizes.push(batch.length);
    }
    expect(sizes).toEqual([256, 44]);
    expect(new Set(collected.ids()).size).toBe(300);
  });

  test('bounds the bytes of a batch, and takes a row of any size', async () => {
    await using outbox = await open();
    // What doesn't compress.
    const bytes = () =>
      Buffer.from(crypto.getRandomValues(new Uint8Array(60_000)))
        .toString('base64')
        .repeat(1);
    const large = Array.from({ length: 130 }, () => bytes()).join('');
    const rows = [outboxRow(large), outboxRow(large), outboxRow(large), outboxRow('small')];
    await insert(rows);
    const collected = collector();
    const sizes = [];
    for (let nth = 0; nth < 3; nth++) sizes.push((await outbox.relay(collected.publish)).length);
    expect(sizes).toEqual([2, 2, 0]);
    expect(collected.ids()).toEqual(rows.map(({ id }) => id));
  });

  describe('with several relays', () => {
    test('gives each row to one of them', async () => {
      await using one = await open(false);
      await using other = await open(false);
      await insert(Array.from({ length: 300 }, () => outboxRow('x')));
      const collected = collector();
      let batch: unknown;
      await one.relay(async (rows) => {
        batch = await other.relay(collected.publish);
        return collected.publish(rows);
      });
      expect(batch).toHaveLength(44);
      expect(new Set(collected.ids()).size).toBe(300);
      expect(collected.rows).toHaveLength(300);
    });

    test('gives no row of an aggregate to one while another has its first', async () => {
      await using one = await open();
      await using other = await open();
      const rows = ['a', 'b', 'a', 'b', 'a'].map((orderingKey) => outboxRow('x', { orderingKey }));
      await insert(rows.slice(0, 1));
      const collected = collector();
      await one.relay(async (batch) => {
        // Committed while the first row of its aggregate is held.
        await insert(rows.slice(1));
        await other.relay(collected.publish);
        expect(collected.ids()).toEqual([rows[1]?.id, rows[3]?.id]);
        return collected.publish(batch);
      });
      await other.relay(collected.publish);
      expect(collected.ids()).toEqual([1, 3, 0, 2, 4].map((nth) => rows[nth]?.id));
    });

    test('keeps the order of each aggregate, whatever fails when: only what follows is repeated', async () => {
      await using one = await open();
      await using other = await open();
      const fate = fc.constantFrom('published', 'published', 'failed', 'unconfirmed', 'killed');
      const keys = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(keys, fc.array(fate, { maxLength: 20 }), async (given, fates) => {
          const rows = given.map((orderingKey) => outboxRow('x', { orderingKey }));
          const published: string[] = [];
          const left = fates.values();
          const publish: PublishRows = async (batch) => {
            let isKilled = false;
            const publications = await publishEach(true, async ({ message }) => {
              await new Promise(setImmediate);
              const next = isKilled ? 'failed' : left.next().value;
              if (next !== 'failed') published.push(message.id);
              isKilled ||= next === 'killed';
              if (next === 'failed' || next === 'unconfirmed') {
                return { published: false, refused: false, reason: next };
              }
              return { published: true };
            })(batch);
            if (isKilled) throw new Error('The relay was killed');
            return publications;
          };
          const relay = (outbox: PostgresOutbox) => outbox.relay(publish).catch(() => {});
          const relayBoth = () => Promise.all([relay(one), relay(other)]);
          await Promise.all([insert(rows), relayBoth().then(relayBoth)]);
          while ((await remaining()).length > 0) await relayBoth();
          for (const key of new Set(given)) {
            const sequence = rows.filter(({ aggregateid }) => aggregateid === key).map(({ id }) => id);
            const places = published.map((id) => sequence.indexOf(id)).filter((place) => place >= 0);
            expect(places.every((place, nth) => place <= (places[nth - 1] ?? -1) + 1)).toBe(true);
            expect(places.at(-1)).toBe(sequence.length - 1);
          }
        }),
        { numRuns: 20 },
      );
    });
  });

  describe('a row that is refused', () => {
    const refuse = (id: string | undefined): PublishRows => {
      return async (rows) =>
        rows.map((row, nth) => {
          if (row.id === id)
            return { published: false, refused: true, reason: `it's "refused" \\ ${row.type}` };
          const isBehind = rows
            .slice(0, nth)
            .some((earlier) => earlier.id === id && earlier.aggregateid === row.aggregateid);
          return isBehind ? { published: false, refused: false, reason: 'behind' } : { published: true };
        });
    };

    test('is kept with its reason, holds its aggregate back, and is relayed when it is put back', async () => {
      await using outbox = await open();
      const rows = ['a', 'a', 'b', 'a'].map((orderingKey) => outboxRow('x', { orderingKey }));
      const [first, second, , last] = rows;
      await insert(rows.slice(0, 3));
      await outbox.relay(refuse(first?.id));
      await insert(rows.slice(3));
      expect(await outbox.relay(collector().publish)).toEqual([]);
      expect(await remaining()).toEqual([first?.id, second?.id, last?.id]);
      expect(await outbox.level()).toMatchObject({ waiting: 2, refused: 1 });
      expect(await administered((administration) => administration.refused(10))).toEqual([
        {
          id: first?.id,
          aggregatetype: 'request',
          aggregateid: 'a',
          type: 'coatcheck.request.submitted',
          reason: 'it\'s "refused" \\ coatcheck.request.submitted',
          insertedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          behind: 2,
        },
      ]);
      expect(await administered((administration) => administration.putBack([String(first?.id)]))).toBe(1);
      const collected = collector();
      await outbox.relay(collected.publish);
      expect(collected.ids()).toEqual([first?.id, second?.id, last?.id]);
    });

    test('lets the later ones of its aggregate pass when it is dropped', async () => {
      await using outbox = await open();
      const [first, second] = [outboxRow('1', { orderingKey: 'a' }), outboxRow('2', { orderingKey: 'a' })];
      await insert([first, second]);
      await outbox.relay(refuse(first.id));
      expect(await administered((administration) => administration.drop([second.id]))).toBe(0);
      expect(await administered((administration) => administration.drop([first.id]))).toBe(1);
      const collected = collector();
      await outbox.relay(collected.publish);
      expect(collected.ids()).toEqual([second.id]);
    });

    test('holds nothing back where there is no order', async () => {
      await using outbox = await open(false);
      const rows = [outboxRow('1', { orderingKey: 'a' }), outboxRow('2', { orderingKey: 'a' })];
      await insert(rows);
      await outbox.relay(async () => [
        { published: false, refused: true, reason: 'no' },
        { published: true },
      ]);
      expect(await remaining()).toEqual([rows[0]?.id]);
      await insert([outboxRow('3', { orderingKey: 'a' })]);
      expect(await outbox.relay(collector().publish)).toHaveLength(1);
      expect(await administered((administration) => administration.putBack())).toBe(1);
    });
  });

  describe('wakes its relay', () => {
    test('when a row is committed, and at once if that was before it waits', async () => {
      await using outbox = await open();
      await outbox.relay(collector().publish);
      const waiting = outbox.wait(2 ** 30, NEVER);
      await insert([outboxRow('x')]);
      await waiting;
      await outbox.relay(async (rows) => {
        await insert([outboxRow('y')]);
        await eventually(async () => expect(await remaining()).toHaveLength(2));
        return rows.map(() => ({ published: true }));
      });
      await outbox.wait(2 ** 30, NEVER);
    });

    test('when its time is over, and when it is stopped', async () => {
      await using outbox = await open();
      await outbox.relay(collector().publish);
      await outbox.wait(1, NEVER);
      const stop = new AbortController();
      const waiting = outbox.wait(2 ** 30, stop.signal);
      stop.abort();
      await waiting;
    });
  });

  /** Waits until it listens again, for the nth time. */
  function listening(times: number): Promise<void> {
    const isBack = () => logger.lines.filter(({ message }) => message.includes('is back after'));
    return eventually(() => expect(isBack()).toHaveLength(times));
  }

  test('goes on after the server has crashed and its connections are cut', async () => {
    await using outbox = await open();
    const rows = [outboxRow('1'), outboxRow('2'), outboxRow('3')];
    await insert(rows.slice(0, 1));
    const collected = collector();
    // The connection is lost between the publication and the removal: the row is published again.
    await expect(
      outbox.relay(async (batch) => {
        await client.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
        );
        return collected.publish(batch);
      }),
    ).rejects.toThrow();
    await eventually(() => outbox.relay(collected.publish));
    expect(collected.ids()).toEqual([rows[0]?.id, rows[0]?.id]);
    await insert(rows.slice(1, 2));
    await listening(1);
    await postgres.server.kill();
    await expect(outbox.relay(collected.publish)).rejects.toThrow();
    await postgres.server.start();
    client = await connected();
    await eventually(() => outbox.relay(collected.publish));
    expect(collected.ids().at(-1)).toBe(rows[1]?.id);
    await listening(2);
    await outbox.relay(collected.publish);
    const waiting = outbox.wait(2 ** 30, NEVER);
    await insert(rows.slice(2));
    await waiting;
    await outbox.relay(collected.publish);
    expect(collected.ids().at(-1)).toBe(rows[2]?.id);
  });

  test('gives no row whose change a crash of the server can undo', async () => {
    await client.query('CREATE TABLE changes (id text)');
    await client.query('SET synchronous_commit = off');
    await using outbox = await open();
    const row = outboxRow('1');
    await client.query(`BEGIN; INSERT INTO changes VALUES ('${row.id}')`);
    await insert([row]);
    await client.query('COMMIT');
    const collected = collector();
    const crash: PublishRows = async (rows) => {
      await collected.publish(rows);
      await postgres.server.kill();
      throw new Error('The server crashed');
    };
    await expect(outbox.relay(crash)).rejects.toThrow('The server crashed');
    expect(collected.ids()).toEqual([row.id]);
    await postgres.server.start();
    client = await connected();
    expect((await client.query('SELECT id FROM changes')).rows).toEqual([{ id: row.id }]);
  });

  test('is shared by relays whose transactions are serializable by default', async () => {
    const options = new URLSearchParams({ options: '-c default_transaction_isolation=serializable' });
    const url = `${postgres.url}?${options}`;
    await using one = await open(false, url);
    await using other = await open(false, url);
    await insert(Array.from({ length: 300 }, () => outboxRow('x')));
    const collected = collector();
    // Each reads what the other one deletes.
    await one.relay(async (rows) => {
      await other.relay(collected.publish);
      return collected.publish(rows);
    });
    expect(collected.rows).toHaveLength(300);
    expect(await remaining()).toEqual([]);
  });

  test('bounds the bytes of a batch by what its payloads are without compression', async () => {
    await using outbox = await open();
    const large = 'x'.repeat(10_000_000);
    await insert([1, 2, 3].map(() => outboxRow(large)));
    const collected = collector();
    expect(await outbox.relay(collected.publish)).toHaveLength(2);
  });

  test.each([
    ['with U+0000', 'a\u0000b', 'a\uFFFDb'],
    ['that was cut within a character', '😀'.slice(0, 1), '\uFFFD'],
  ])('keeps a reason %s, and the others of its batch are published', async (_, reason, kept) => {
    await using outbox = await open();
    const [bad, good] = [outboxRow('bad'), outboxRow('good')];
    await insert([bad, good]);
    await outbox.relay(async () => [{ published: false, refused: true, reason }, { published: true }]);
    expect(await remaining()).toEqual([bad.id]);
    expect(await administered((administration) => administration.refused(10))).toMatchObject([
      { id: bad.id, reason: kept },
    ]);
  });

  test('fails where a policy keeps it from deleting, instead of publishing for ever', async () => {
    await insert([outboxRow('1')]);
    await client.query(`CREATE ROLE relay LOGIN;
      GRANT SELECT, UPDATE, DELETE ON ${table.sql} TO relay;
      ALTER TABLE ${table.sql} ENABLE ROW LEVEL SECURITY;
      CREATE POLICY reads ON ${table.sql} FOR SELECT USING (true);
      CREATE POLICY updates ON ${table.sql} FOR UPDATE USING (true);`);
    const url = postgres.url.replace('postgres@', 'relay@');
    await using outbox = await PostgresOutbox.open({ url, table, ordered: true, logger });
    await expect(outbox.relay(collector().publish)).rejects.toThrow('row-level security');
    await client.query(`CREATE POLICY deletes ON ${table.sql} FOR DELETE USING (true)`);
    await outbox.relay(collector().publish);
    expect(await remaining()).toEqual([]);
  });

  describe('a table of another library', () => {
    test('may have columns of any name, and rows without an aggregate or a type', async () => {
      table = new PostgresOutboxTable(`foreign_${++tables}`);
      await client.query(`CREATE TABLE ${table.sql} (id uuid PRIMARY KEY, aggregatetype text, aggregateid text,
        type text, payload jsonb, before text, held text, "row" text)`);
      await client.query(`INSERT INTO ${table.sql} (id, aggregatetype, aggregateid, type, payload) VALUES
        (gen_random_uuid(), NULL, NULL, NULL, '1'), (gen_random_uuid(), 'order', '17', 'paid', '2')`);
      await administered((outbox) => outbox.define(false));
      await using outbox = await open();
      const collected = collector();
      await outbox.relay(collected.publish);
      await outbox.relay(collected.publish);
      expect(collected.rows).toMatchObject([
        { aggregatetype: 'order', aggregateid: '17', type: 'paid', payload: '2' },
        { aggregatetype: '', aggregateid: collected.ids()[1], type: '', payload: '1' },
      ]);
      expect(await remaining()).toEqual([]);
    });

    test('gets what is missing, and is relayed whatever the type of its payload', async () => {
      const ids: string[] = [];
      const payloads: unknown[] = [];
      for (const [type, value, expected] of [
        ['varchar(8000)', '{"id":1}', '{"id":1}'],
        ['jsonb', '{"big": 12345678901234567890, "a": "ü"}', '{"a": "ü", "big": 12345678901234567890}'],
        ['json', '{"id":  1}', '{"id":  1}'],
        ['bytea', Buffer.from([0, 255]), new Uint8Array([0, 255])],
      ] as const) {
        table = new PostgresOutboxTable(`foreign_${++tables}`);
        // As Debezium's extension for Quarkus creates it.
        await client.query(`CREATE TABLE ${table.sql} (id uuid NOT NULL, aggregatetype varchar(255) NOT NULL,
          aggregateid varchar(255) NOT NULL, type varchar(255) NOT NULL, timestamp timestamp NOT NULL,
          payload ${type}, tracingspancontext varchar(256), PRIMARY KEY (id))`);
        const row = `(gen_random_uuid(), 'Order', '1', 'OrderCreated', now(), $1)`;
        await client.query(
          `INSERT INTO ${table.sql} (id, aggregatetype, aggregateid, type, timestamp, payload) VALUES ${row}`,
          [value],
        );
        await administered((outbox) => outbox.define(true));
        await administered((outbox) => outbox.define(false));
        await using outbox = await open();
        const collected = collector();
        await outbox.relay(collected.publish);
        ids.push(...collected.ids());
        payloads.push(expected);
        expect(collected.rows.map(({ payload }) => payload)).toEqual([expected]);
      }
      expect(ids).toHaveLength(payloads.length);
    });
  });

  describe('that can not be used says what to do', () => {
    test('without a table, or without its columns', async () => {
      const missing = new PostgresOutboxTable('missing');
      await expect(
        PostgresOutbox.open({ url: postgres.url, table: missing, ordered: true, logger }),
      ).rejects.toThrow('npx coatcheck outbox table');
      table = new PostgresOutboxTable('incomplete');
      await client.query('CREATE TABLE incomplete (id uuid)');
      await expect(open()).rejects.toThrow('npx coatcheck outbox table');
    });

    test('on a read-only server', async () => {
      await client.query(
        'CREATE ROLE reader LOGIN; ALTER ROLE reader SET default_transaction_read_only = on',
      );
      const url = postgres.url.replace('postgres@', 'reader@');
      await using administration = new PostgresOutboxAdministration(url, table);
      await expect(administration.define(true)).rejects.toThrow('connect to the primary server');
    });

    test.each([
      ['that is none', 'postgres://u:secret@127.0.0.1:99999/shop', 'Invalid URL'],
      ['with a missing file', 'postgres://u:secret@h/shop?sslmode=verify-full&sslrootcert=/no.pem', 'ENOENT'],
      ['of no server', 'postgres://u:secret@127.0.0.1:9/shop', 'ECONNREFUSED'],
    ])('at a URL %s', async (_, url, reason) => {
      const opening = PostgresOutbox.open({ url, table, ordered: true, logger });
      const error = await opening.catch((error: unknown) => error);
      expect(error).toBeInstanceOf(CoatcheckError);
      expect(String(error)).toContain(reason);
      expect(String(error)).not.toContain('secret');
    });

    test('with a name that is none', () => {
      expect(() => new PostgresOutboxTable('a; drop table b')).toThrow(
        'The outbox table must be a name of letters',
      );
    });
  });
});
