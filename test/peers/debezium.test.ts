import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeRecord } from '../../lib/brokers/kafka/message.ts';
import { decode } from '../../lib/core/wire/decode.ts';
import { messageGroupOf } from '../../lib/core/wire/message-group.ts';
import { outboxRow } from '../../lib/outbox/outbox-row.ts';
import type { StoredRow } from '../../lib/outbox/outbox-source.ts';
import { PostgresOutboxAdministration } from '../../lib/outbox/postgres/administration.ts';
import { PostgresOutbox } from '../../lib/outbox/postgres/postgres-outbox.ts';
import { PostgresOutboxTable } from '../../lib/outbox/postgres/table.ts';
import { rowMessage } from '../../lib/outbox/row-message.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { available } from '../support/brokers/available.ts';
import { findPostgres, type PostgresTestServer, startPostgres } from '../support/brokers/postgres-server.ts';
import { MAX_JSON_DEPTH } from '../support/decoded.ts';
import { peerFolder } from '../support/peers/installation.ts';
import { installJavaPeers } from '../support/peers/java.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const programs = await available('PostgreSQL', findPostgres);

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe.runIf(programs)('Debezium, its connector for PostgreSQL and its outbox event router', () => {
  let postgres: PostgresTestServer;
  let database: Client;
  let classPath: string;

  beforeAll(async () => {
    classPath = await installJavaPeers('debezium');
    postgres = await startPostgres(programs ?? '', ['wal_level=logical']);
    await using outbox = new PostgresOutboxAdministration(postgres.url, new PostgresOutboxTable('outbox'));
    await outbox.define(true);
    database = new Client({ connectionString: postgres.url });
    await database.connect();
  });
  afterAll(async () => {
    await database?.end();
    await postgres?.[Symbol.asyncDispose]();
  });

  async function insert(row: StoredRow): Promise<void> {
    await database.query(
      `INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, tracingspancontext)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [row.id, row.aggregatetype, row.aggregateid, row.type, row.payload, row.tracingspancontext],
    );
  }

  test('routes our rows to the requests that our relay makes of them', async () => {
    const rows: StoredRow[] = [
      outboxRow({ order: 17 }, { topic: 'payments', orderingKey: 'order-17', metadata: { shop: '7' } }),
      outboxRow('ünïcödé', { traceparent: TRACEPARENT }),
      outboxRow(new Uint8Array([0, 255, 254]), { tenant: 'acme' }),
    ];
    // As Debezium's documentation has it.
    const foreign = {
      id: crypto.randomUUID(),
      aggregatetype: 'Order',
      aggregateid: '1',
      type: 'OrderCreated',
      payload: '{"id": 1, "customerId": 123}',
      tracingspancontext: `traceparent=${TRACEPARENT}\n`,
    };
    using debezium = startDebezium(classPath, new URL(postgres.url).port, await temporaryFolder());
    await debezium.ready;
    await database.query('BEGIN');
    await insert(outboxRow('never committed'));
    await database.query('ROLLBACK');
    for (const row of [...rows, foreign]) await insert(row);
    const records = await debezium.records(4);

    // What a worker on Kafka makes of the records.
    const requests = records.map(({ topic, key, value, headers }) => {
      const record = { topic, partition: 0, offset: 0n, timestamp: 0, key, value, headers };
      const message = decodeRecord(record, { isRetry: false });
      const [request] = decode(message, { maxJsonDepth: MAX_JSON_DEPTH });
      return { topic, group: messageGroupOf(message, key?.toString()), request };
    });
    for (const [nth, row] of rows.entries()) {
      expect(requests[nth], row.type).toEqual({
        topic: row.aggregatetype,
        group: messageGroupOf({ ...rowMessage(row).message, sentAt: 0 }),
        request: expect.objectContaining(relayed(row)),
      });
    }
    expect(requests[3]).toMatchObject({
      topic: 'Order',
      group: '1',
      request: {
        id: foreign.id,
        payload: { inline: foreign.payload },
        metadata: { type: 'OrderCreated' },
      },
    });
  });

  /** What a worker makes of the message that our relay sends. Parts that only a message without an envelope has are left out. */
  function relayed(row: StoredRow): Record<string, unknown> {
    const { id, payload, topic, tenant, metadata, traceparent, contentType } = rowMessage(row).request;
    return { id, payload, topic, tenant, metadata, traceparent, contentType };
  }

  test('writes rows by its extension for Quarkus that our relay reads', async () => {
    // The statement of the extension's OutboxEvent entity, with its default types.
    await database.query(`CREATE TABLE outboxevent (id uuid NOT NULL, aggregatetype varchar(255) NOT NULL,
      aggregateid varchar(255) NOT NULL, type varchar(255) NOT NULL, timestamp timestamp(6) NOT NULL,
      payload varchar(8000), tracingspancontext varchar(256), PRIMARY KEY (id))`);
    const table = new PostgresOutboxTable('outboxevent');
    await using administration = new PostgresOutboxAdministration(postgres.url, table);
    await administration.define(true);
    const id = crypto.randomUUID();
    const trace = `#\n#Mon Nov 30 12:00:00 UTC 2026\ntraceparent=${TRACEPARENT}\n`;
    await database.query(
      `INSERT INTO outboxevent (aggregateid, aggregatetype, payload, timestamp, tracingspancontext, type, id)
       VALUES ('42', 'Order', '{"id":42}', now(), $1, 'OrderCreated', $2)`,
      [trace, id],
    );
    const logger = new CollectingLogger();
    await using outbox = await PostgresOutbox.open({ url: postgres.url, table, ordered: true, logger });
    const rows: StoredRow[] = [];
    await outbox.relay(async (batch) => {
      rows.push(...batch);
      return batch.map(() => ({ published: true }));
    });
    expect(rows.map((row) => rowMessage(row).request)).toMatchObject([
      {
        id,
        topic: 'Order',
        metadata: { type: 'OrderCreated' },
        traceparent: TRACEPARENT,
        payload: { inline: '{"id":42}' },
      },
    ]);
  });
});

/** A record as Kafka Connect would write it. */
interface ConnectRecord {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: [Buffer, Buffer | null][];
}

/** Runs test/peers/debezium/DebeziumPeer.java on the table `outbox`. */
function startDebezium(classPath: string, port: string, folder: string) {
  const program = join(peerFolder('debezium'), 'DebeziumPeer.java');
  const child: ChildProcess = spawn(
    'java',
    [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      classPath,
      program,
      port,
      'outbox',
      folder,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines: string[] = [];
  const isReady = Promise.withResolvers<void>();
  const more = Promise.withResolvers<void>();
  let wanted = Number.POSITIVE_INFINITY;
  if (child.stdout) {
    createInterface(child.stdout).on('line', (line) => {
      if (line === 'ready') return isReady.resolve();
      lines.push(line);
      if (lines.length >= wanted) more.resolve();
    });
  }
  once(child, 'exit').then(([code]) => isReady.reject(new Error(`Debezium ended: ${code}`)));
  return {
    ready: isReady.promise,
    async records(count: number): Promise<ConnectRecord[]> {
      wanted = count;
      if (lines.length >= wanted) more.resolve();
      await more.promise;
      return lines.map(recordOf);
    },
    [Symbol.dispose]() {
      child.kill('SIGKILL');
    },
  };
}

function recordOf(line: string): ConnectRecord {
  const [topic = '', key = '', value = '', ...headers] = line.split(' ');
  const pairOf = (header: string): [Buffer, Buffer | null] => {
    const [name = '', text = ''] = header.split(':');
    return [Buffer.from(name, 'base64'), bytesOf(text)];
  };
  return {
    topic: Buffer.from(topic, 'base64').toString(),
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headers.map(pairOf),
  };
}

function bytesOf(base64: string): Buffer | null {
  return base64 === '-' ? null : Buffer.from(base64, 'base64');
}
