/**
 * The relay of an outbox in PostgreSQL to NATS: rows a second beside loops that select, send and delete, the delay from a
 * commit to the handler, what NOTIFY costs the application, and whether anything is lost or out of order while the application,
 * relays, the database and the queue are killed.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Client } from 'pg';
import { NATS } from '../lib/brokers/nats.ts';
import { MemoryRecordStore } from '../lib/stores/memory/record-store.ts';
import { available } from '../test/support/brokers/available.ts';
import { findNatsServer, startNatsServer } from '../test/support/brokers/nats-server.ts';
import { findPostgres, startPostgres } from '../test/support/brokers/postgres-server.ts';
import { createTable } from './outbox/create-table.ts';
import { measureWays } from './outbox/measure-ways.ts';
import { openQueue, queueUrl } from './outbox/queue.ts';
import { runKills } from './outbox/run-kills.ts';
import { commitSteadily, type Parts, runRelay } from './outbox/throughput.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { silentLogger } from './support/silent-logger.ts';
import { quantile } from './support/statistics.ts';
import { runWorker } from './worker/ways.ts';

const ROUNDS = lengthOf(3, 1);
const ROWS = lengthOf(20_000, 300);
const TRANSACTIONS = lengthOf(20_000, 200);
const COMMITS = lengthOf(1_000, 20);
const NOTIFY_SECONDS = lengthOf(8, 1);

/** Accounts of the application that is killed. */
const ACCOUNTS = 50;

/** Milliseconds between two commits whose delay is measured. */
const COMMIT_EVERY = 20;

/** Connections of the application whose commits are counted. */
const CONNECTIONS = 16;

await runBenchmark('The outbox in PostgreSQL', async (note): Promise<Report> => {
  const postgres = await available('PostgreSQL', findPostgres);
  const nats = await available('NATS', findNatsServer);
  if (postgres === undefined || nats === undefined) throw new Error('There is no PostgreSQL or no NATS here');
  const killed = await runKills({ postgres, nats, transactions: TRANSACTIONS, accounts: ACCOUNTS, note });
  const { missing, invented, outOfOrder } = killed;
  if (missing + invented + outOfOrder > 0) process.exitCode = 1;
  await using database = await startPostgres(postgres);
  const queue = await startNatsServer(nats);
  await using _server = queue.server;
  const { url } = database;
  await createTable(url);
  const figures = await measureWays({ url, port: queue.port, rounds: ROUNDS, rows: ROWS, note });
  note('delays');
  const hinted = await delays(url, queue.port);
  const notifying = await commitsPerSecond(postgres, url, note);
  await query(url, 'DROP TRIGGER coatcheck_outbox_notify ON outbox');
  const silent = await commitsPerSecond(postgres, url, note);
  await query(url, 'TRUNCATE outbox');
  note('delays without NOTIFY');
  const polled = await delays(url, queue.port);
  const { committed, published, kills } = killed;
  return {
    rows: figures.map(({ way, perSecond, ofLoop, ofPeer, cpu }) => ({
      way,
      'rows/s': perSecond,
      'of the loop without order %': ofLoop,
      'of the loop with the same order %': ofPeer,
      'CPU ms a row': cpu,
    })),
    notes: [
      `${ROUNDS} rounds of ${ROWS} rows of 500 bytes, the ways in turns; medians. Each way takes up to 256 rows, publishes them and deletes them in one transaction; a loop on one connection, the relay on two. Percentages are medians of the ratios of a round.`,
      `From commit to handler, with a row every ${COMMIT_EVERY} ms: p50 ${hinted.p50.toFixed(1)} ms, p99 ${hinted.p99.toFixed(1)} ms; without NOTIFY p50 ${polled.p50.toFixed(0)} ms, p99 ${polled.p99.toFixed(0)} ms.`,
      `An application on ${CONNECTIONS} connections commits ${notifying.toFixed(0)} inserts a second with NOTIFY, and ${silent.toFixed(0)} without.`,
      `With ${kills.application} kills of the application, ${kills.relay} of relays, ${kills.database} of the database and ${kills.queue} of the queue in ${killed.seconds.toFixed(0)} s, ${TRANSACTIONS} transactions and ${ACCOUNTS} aggregates: of ${committed} committed changes ${missing} missing, ${outOfOrder} out of order, ${published - committed} published again; ${invented} that were rolled back.`,
    ],
  };
});

/** Delays from commits to the begin of their handlers, with a relay and a worker in this process. */
async function delays(url: string, port: number): Promise<{ readonly p50: number; readonly p99: number }> {
  const name = `delays-${Date.now()}`;
  await using requests = await openQueue(port, name);
  await using output = await openQueue(port, `${name}-out`);
  const input = await NATS.openInput(queueUrl(port, name), {
    maxInFlight: 64,
    maxAttempts: 1,
    logger: silentLogger,
  });
  const committedAt = new Map<string, number>();
  const handledAt = new Map<string, number>();
  const records = new MemoryRecordStore();
  const worker = runWorker({ input, output, records }, COMMITS + 1, async ({ id }) => {
    handledAt.set(id, performance.now());
  });
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  const parts: Parts = { url, queue: requests, jetstream: jetstream(connection), subject: name };
  const relay = runRelay(parts, COMMITS + 1, false);
  // Both have started when the first row is handled.
  await commitSteadily(url, 1, 0, () => {});
  while (handledAt.size === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await commitSteadily(url, COMMITS, COMMIT_EVERY, (id) => committedAt.set(id, performance.now()));
  await Promise.all([relay, worker]);
  await input[Symbol.asyncDispose]();
  await connection.close();
  // The relay may be faster than the answer to the commit.
  const all = [...committedAt].map(([id, at]) => Math.max(0, (handledAt.get(id) ?? Number.NaN) - at));
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
}

/** How many inserts many connections commit in a second. */
async function commitsPerSecond(
  programs: string,
  url: string,
  note: (text: string) => void,
): Promise<number> {
  note('commits a second');
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-bench-'));
  const script = join(folder, 'insert.sql');
  await writeFile(
    script,
    `INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload)
     VALUES (gen_random_uuid(), 'request', gen_random_uuid(), 'inserted', repeat('x', 500));\n`,
  );
  const options = ['-n', '-f', script, '-c', String(CONNECTIONS), '-j', '2', '-T', String(NOTIFY_SECONDS)];
  const { stdout } = await promisify(execFile)(join(programs, 'pgbench'), [...options, url]);
  await rm(folder, { recursive: true });
  await query(url, 'TRUNCATE outbox');
  return Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1]);
}

async function query(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
