import type { JetStreamClient } from '@nats-io/jetstream';
import { Client, Pool } from 'pg';
import { Relay } from '../../lib/core/intake/relay.ts';
import type { OutputQueue } from '../../lib/core/ports/message-sink.ts';
import { OutboxRelay } from '../../lib/outbox/outbox-relay.ts';
import { outboxRow } from '../../lib/outbox/outbox-row.ts';
import { PostgresOutbox } from '../../lib/outbox/postgres/postgres-outbox.ts';
import { PostgresOutboxTable } from '../../lib/outbox/postgres/table.ts';
import { publishToQueue } from '../../lib/outbox/publish-rows.ts';
import { silentLogger } from '../support/silent-logger.ts';

/** What the ways run on. */
export interface Parts {
  /** The URL of the database. */
  readonly url: string;
  readonly queue: OutputQueue;
  readonly jetstream: JetStreamClient;
  readonly subject: string;
}

/** Rows of a batch, in all ways. */
const BATCH = 256;

/** Buckets of aggregates, each with a lock. */
const BUCKETS = 16;

/** What the loops read of a row. */
interface SelectedRow {
  readonly id: string;
  readonly aggregateid: string;
  readonly payload: string;
}

/** Fills the table. @param keys aggregates; as many as rows if undefined */
export async function fill(url: string, count: number, keys?: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  // What another way deleted is gone.
  await client.query('TRUNCATE outbox');
  for (let from = 0; from < count; from += 1_000) {
    const rows = Array.from({ length: Math.min(1_000, count - from) }, (_, nth) =>
      outboxRow(
        { nth, text: 'x'.repeat(500) },
        keys === undefined ? {} : { orderingKey: `key-${nth % keys}` },
      ),
    );
    await client.query(
      `INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload)
       SELECT id, aggregatetype, aggregateid, type, payload
       FROM jsonb_to_recordset($1) AS row(id uuid, aggregatetype text, aggregateid text, type text, payload text)`,
      [JSON.stringify(rows)],
    );
  }
  await client.query('ANALYZE outbox');
  await client.end();
}

/** Selects, sends and deletes, without order. */
export async function runLoop({ url, jetstream, subject }: Parts, count: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (let done = 0; done < count; ) {
    await client.query('BEGIN');
    const { rows } = await client.query(
      `SELECT id, payload FROM outbox ORDER BY position LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
    );
    await Promise.all(rows.map(({ id, payload }) => jetstream.publish(subject, payload, { msgID: id })));
    await client.query('DELETE FROM outbox WHERE id = ANY($1)', [rows.map(({ id }) => id)]);
    await client.query('COMMIT');
    done += rows.length;
  }
  await client.end();
}

/**
 * The same loop with the promise of the relay with order: a row is sent after the row before it of its aggregate is confirmed.
 * Other loops wait for the rows that it locks, since they may be those of the same aggregates.
 */
export async function runLoopInOrder({ url, jetstream, subject }: Parts, count: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (let done = 0; done < count; ) {
    await client.query('BEGIN');
    const { rows } = await client.query(
      `SELECT id, aggregateid, payload FROM outbox ORDER BY position LIMIT ${BATCH} FOR UPDATE`,
    );
    await publishSequences(rows, jetstream, subject);
    await client.query('DELETE FROM outbox WHERE id = ANY($1)', [rows.map(({ id }) => id)]);
    await client.query('COMMIT');
    done += rows.length;
  }
  await client.end();
}

/** Sends the rows of an aggregate one after another, and aggregates side by side. */
async function publishSequences(rows: readonly SelectedRow[], jetstream: JetStreamClient, subject: string) {
  const sequences = Map.groupBy(rows, ({ aggregateid }) => aggregateid);
  await Promise.all(
    [...sequences.values()].map(async (sequence) => {
      for (const { id, payload } of sequence) await jetstream.publish(subject, payload, { msgID: id });
    }),
  );
}

/** The same loop with order, by a lock for each bucket of aggregates. */
export async function runBuckets({ url, jetstream, subject }: Parts, count: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(
    `CREATE INDEX IF NOT EXISTS outbox_bucket ON outbox (abs(hashtext(aggregateid) % ${BUCKETS}), position)`,
  );
  for (let done = 0, bucket = 0; done < count; bucket = (bucket + 1) % BUCKETS) {
    await client.query('BEGIN');
    await client.query('SELECT pg_try_advisory_xact_lock(1, $1)', [bucket]);
    const { rows } = await client.query(
      `SELECT id, aggregateid, payload FROM outbox WHERE abs(hashtext(aggregateid) % ${BUCKETS}) = $1
       ORDER BY position LIMIT ${BATCH}`,
      [bucket],
    );
    await publishSequences(rows, jetstream, subject);
    await client.query('DELETE FROM outbox WHERE id = ANY($1)', [rows.map(({ id }) => id)]);
    await client.query('COMMIT');
    done += rows.length;
  }
  await client.query('DROP INDEX outbox_bucket');
  await client.end();
}

/** The relay. */
export async function runRelay({ url, queue }: Parts, count: number, ordered: boolean): Promise<void> {
  const table = new PostgresOutboxTable('outbox');
  await using outbox = await PostgresOutbox.open({ url, table, ordered, logger: silentLogger });
  const stop = new AbortController();
  let done = 0;
  const publish = publishToQueue(
    { normal: new Relay({ queue }, { payloadPrefix: 'payloads/', ordered }) },
    ordered,
  );
  const relay = new OutboxRelay(outbox, publish, {
    logger: silentLogger,
    random: Math.random,
    onBatch: ({ published }) => {
      done += published;
      if (done >= count) stop.abort();
    },
  });
  await relay.run(stop.signal);
}

/** Commits rows at a steady pace. @param onCommit called with the id of each */
export async function commitSteadily(
  url: string,
  count: number,
  everyMilliseconds: number,
  onCommit: (id: string) => void,
): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 4 });
  const committing: Promise<void>[] = [];
  const started = performance.now();
  for (let nth = 0; nth < count; nth++) {
    const wait = started + nth * everyMilliseconds - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const { id, aggregatetype, aggregateid, type, payload } = outboxRow({ nth });
    const insert =
      'INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload) VALUES ($1, $2, $3, $4, $5)';
    committing.push(
      pool.query(insert, [id, aggregatetype, aggregateid, type, payload]).then(() => onCommit(id)),
    );
  }
  await Promise.all(committing);
  await pool.end();
}
