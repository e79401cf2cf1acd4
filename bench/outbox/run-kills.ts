import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Client } from 'pg';
import { NATS } from '../../lib/brokers/nats.ts';
import { isObject } from '../../lib/core/base/json-object.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { startNatsServer } from '../../test/support/brokers/nats-server.ts';
import { startPostgres } from '../../test/support/brokers/postgres-server.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { createTable } from './create-table.ts';

/** Relays at the same time. */
const RELAYS = 2;

/** What is killed, over and over. */
const VICTIMS = ['application', 'relay', 'relay', 'database', 'queue'] as const;

/** Most time between two kills, in milliseconds. */
const KILL_EVERY = 5_000;

/** How a run went. */
export interface KillsReport {
  readonly committed: number;
  readonly published: number;
  /** Committed changes that were never published, and published ones that were never committed. */
  readonly missing: number;
  readonly invented: number;
  /** Changes that were first published after a later one of their account. */
  readonly outOfOrder: number;
  readonly kills: Readonly<Record<(typeof VICTIMS)[number], number>>;
  readonly seconds: number;
}

/** Runs an application and relays while they, the database and the queue are killed, and looks at what the queue got. */
export async function runKills(options: {
  readonly postgres: string;
  readonly nats: string;
  readonly transactions: number;
  readonly accounts: number;
  readonly note: (text: string) => void;
}): Promise<KillsReport> {
  const { transactions, accounts, note } = options;
  await using database = await startPostgres(options.postgres);
  const queue = await startNatsServer(options.nats);
  await using _queue = queue.server;
  const to = `nats://127.0.0.1:${queue.port}?stream=requests&subject=requests`;
  const input = await NATS.openInput(new URL(to), {
    maxInFlight: 1,
    maxAttempts: 1,
    ordered: true,
    logger: silentLogger,
  });
  await input[Symbol.asyncDispose]();
  await createTable(database.url);
  await prepare(database.url, accounts);
  const kills = { application: 0, relay: 0, database: 0, queue: 0 };
  const stop = new AbortController();
  const started = performance.now();
  const application = keepRunning(stop.signal, () =>
    start([
      join(import.meta.dirname, 'application.ts'),
      database.url,
      String(transactions),
      String(accounts),
    ]),
  );
  const relays = Array.from({ length: RELAYS }, () =>
    keepRunning(stop.signal, () => start(relayArgs(database.url, to), RELAY_ENVIRONMENT)),
  );
  while (!application.isDone()) {
    await sleep(Math.random() * KILL_EVERY);
    const victim = VICTIMS[Math.floor(Math.random() * VICTIMS.length)] ?? 'relay';
    kills[victim]++;
    note(`${Object.values(kills).reduce((sum, count) => sum + count)} kills`);
    if (victim === 'application') application.kill();
    else if (victim === 'relay') relays[Math.floor(Math.random() * RELAYS)]?.kill();
    else {
      const { server } = victim === 'database' ? database : queue;
      await server.kill();
      await sleep(Math.random() * 500);
      await startAgain(() => server.start());
    }
  }
  note('the rest');
  await until(async () => (await query(database.url, 'SELECT count(*) FROM outbox'))[0]?.count === '0');
  stop.abort();
  for (const running of [application, ...relays]) await running.end();
  const seconds = (performance.now() - started) / 1000;
  const published = await publishedIds(queue.port);
  const changes = await query(database.url, 'SELECT request, account, nth FROM change ORDER BY nth');
  return { ...compare(changes, published), kills, seconds };
}

const RELAY_ENVIRONMENT = {
  COATCHECK_STATUS_PORT: '0',
  COATCHECK_ORDER: 'fifo',
  POWERTOOLS_LOG_LEVEL: 'SILENT',
};

function relayArgs(from: string, to: string): string[] {
  return [join(PROJECT_FOLDER, 'bin', 'coatcheck.ts'), 'outbox', 'relay', '--from', from, '--to', to];
}

function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, args, { env: { ...process.env, ...environment }, stdio: 'ignore' });
}

/** Runs a program again whenever it was killed or failed, until it ends by itself or the signal fires. */
function keepRunning(signal: AbortSignal, run: () => ChildProcess) {
  let child: ChildProcess;
  let isDone = false;
  const running = (async () => {
    while (!isDone && !signal.aborted) {
      child = run();
      const [exitCode] = await once(child, 'exit');
      isDone = exitCode === 0;
      if (!isDone && exitCode !== null) await sleep(100);
    }
    isDone = true;
  })();
  return {
    isDone: () => isDone,
    kill: () => child.kill('SIGKILL'),
    end: async () => {
      child.kill('SIGTERM');
      await running;
    },
  };
}

/** The last processes of a killed server may hold its memory for a moment. */
async function startAgain(start: () => Promise<void>): Promise<void> {
  for (let left = 10; ; left--) {
    try {
      return await start();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(200);
    }
  }
}

async function prepare(url: string, accounts: number): Promise<void> {
  await query(url, 'CREATE TABLE account (id text PRIMARY KEY, changes integer NOT NULL DEFAULT 0)');
  await query(
    url,
    `INSERT INTO account (id) SELECT 'account-' || n FROM generate_series(0, ${accounts - 1}) AS n`,
  );
  await query(
    url,
    'CREATE TABLE change (request uuid PRIMARY KEY, account text NOT NULL, nth integer NOT NULL)',
  );
  await query(url, 'CREATE SEQUENCE transactions');
}

async function query(url: string, sql: string): Promise<Record<string, string>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition().catch(() => false))) await sleep(100);
}

/** The ids of all requests in the stream, in its order. */
async function publishedIds(port: number): Promise<string[]> {
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  const { streams } = await jetstreamManager(connection);
  const { state } = await streams.info('requests');
  const ids: string[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const event: unknown = (await streams.getMessage('requests', { seq }))?.json();
    if (isObject(event)) ids.push(String(event.id));
  }
  await connection.close();
  return ids;
}

function compare(changes: readonly Record<string, string>[], published: readonly string[]) {
  const places = new Map<string, number>();
  for (const [place, id] of published.entries()) if (!places.has(id)) places.set(id, place);
  const committed = new Set(changes.map(({ request = '' }) => request));
  const accounts = Map.groupBy(changes, ({ account }) => account);
  let outOfOrder = 0;
  for (const own of accounts.values()) {
    const order = own.map(({ request = '' }) => places.get(request) ?? -1);
    outOfOrder += order.filter((place, nth) => nth > 0 && place < (order[nth - 1] ?? -1)).length;
  }
  return {
    committed: committed.size,
    published: published.length,
    missing: [...committed].filter((id) => !places.has(id)).length,
    invented: [...places.keys()].filter((id) => !committed.has(id)).length,
    outOfOrder,
  };
}
