import type { Pool, PoolClient } from 'pg';
import type { ReconnectingSession, Session } from '../../brokers/reconnecting-session.ts';
import { ConfigurationError } from '../../core/base/errors.ts';
import { whenAborted } from '../../core/base/when-aborted.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import type { Publication } from '../../core/wire/batch-publisher.ts';
import { toMessageText } from '../../core/wire/message-text.ts';
import type { OutboxLevel, OutboxSource, PublishRows, StoredRow } from '../outbox-source.ts';
import { explained, MAX_BATCHES, PostgresServer, withConnection } from './connection.ts';
import { readLevel } from './level.ts';
import { listen } from './listener.ts';
import type { PostgresOutboxTable } from './table.ts';

/** Most rows of a batch. The more, the fewer commits; brokers take so many in one call. */
const BATCH_ROWS = 256;

/** Rows among which those of free aggregates are looked for before all others. */
const OLDEST_ROWS = 4 * BATCH_ROWS;

/** About how many bytes of payloads a batch has at most, to bound memory. */
const BATCH_BYTES = 16 * 1024 * 1024;

/** After so long, the server takes a relay that is cut off from it for dead, and frees the rows that it holds. */
const ABANDONED_AFTER = '5min';

/**
 * Begins a batch, whatever the defaults of the role and the database. Rows are claimed as of each statement: a stricter isolation would
 * make relays that share a table fail, even after they have published. Since PostgreSQL 17, a timeout can also end whole transactions.
 */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED;
  SET LOCAL idle_in_transaction_session_timeout = '${ABANDONED_AFTER}';
  SELECT set_config('transaction_timeout', '0', true) WHERE current_setting('transaction_timeout', true) IS NOT NULL`;

/** Options of a {@link PostgresOutbox}. */
export interface PostgresOutboxOptions {
  /** A connection URL as `pg` reads it. */
  readonly url: string;
  readonly table: PostgresOutboxTable;
  /** Whether the rows of an aggregate are relayed in order. Then a row that was refused holds back the later ones of its aggregate. */
  readonly ordered: boolean;
  readonly logger: Logger;
}

const COLUMNS = 'id, aggregatetype, aggregateid, type, payload, tracingspancontext, position, refused';

/** A row as PostgreSQL returns it. The columns of another library's table may be nullable. */
interface SelectedRow {
  readonly id: string;
  readonly aggregatetype: string | null;
  readonly aggregateid: string | null;
  readonly type: string | null;
  readonly payload: string | Buffer | null;
  readonly tracingspancontext: string | null;
  readonly position: string;
  readonly refused: string | null;
}

/** An outbox table in PostgreSQL. Any number of relays can share it. */
export class PostgresOutbox implements OutboxSource {
  /** With two, the server works on one while the other is published. */
  readonly maxBatches = MAX_BATCHES;
  readonly #pool: Pool;
  /** As SQL writes its name. */
  readonly #table: string;
  readonly #selections: readonly string[];
  readonly #keepAside: string;
  #listener: ReconnectingSession<Session> | undefined;
  #hint = Promise.withResolvers<void>();

  private constructor(server: PostgresServer, { table, ordered }: PostgresOutboxOptions) {
    this.#pool = server.pool();
    this.#table = table.sql;
    this.#selections = ordered ? selectionsInOrder(table.sql) : [selectOldest(table.sql)];
    this.#keepAside = `UPDATE ${table.sql} AS row SET refused = refusal.reason
      FROM jsonb_to_recordset($1) AS refusal(position bigint, reason text) WHERE row.position = refusal.position`;
  }

  /** @throws ConfigurationError if the table can't be used; StoreUnavailable if the server can't be reached */
  static async open(options: PostgresOutboxOptions): Promise<PostgresOutbox> {
    const server = new PostgresServer(options.url);
    const outbox = new PostgresOutbox(server, options);
    try {
      await outbox.level();
      outbox.#listener = await listen(server, options.logger, () => outbox.#hint.resolve());
      return outbox;
    } catch (error) {
      await outbox[Symbol.asyncDispose]();
      throw explained(error, server.name, options.table.sql);
    }
  }

  relay(publish: PublishRows): Promise<readonly Publication[]> {
    this.#hint = Promise.withResolvers();
    return withConnection(this.#pool, async (client) => {
      await client.query(BEGIN);
      const taken = await this.#take(client);
      const publications = taken.length > 0 ? await publish(taken.map(storedRow)) : [];
      const refusals = taken.flatMap(({ position }, nth) => refusalOf(position, publications[nth]));
      if (refusals.length > 0) await client.query(this.#keepAside, [JSON.stringify(refusals)]);
      const published = taken
        .filter((_, nth) => publications[nth]?.published)
        .map(({ position }) => position);
      if (published.length === 0) await client.query('COMMIT');
      else await this.#remove(client, published);
      return publications;
    });
  }

  /** @throws ConfigurationError if the database keeps the rows: they would be published for ever */
  async #remove(client: PoolClient, positions: readonly string[]): Promise<void> {
    const statements = `DELETE FROM ${this.#table} WHERE position IN (${positions}); COMMIT`;
    // Several statements have several results, which the types of pg leave out.
    const [removal] = [await client.query(statements)].flat();
    if (removal?.rowCount !== 0) return;
    throw new ConfigurationError(
      `No published row could be deleted from ${this.#table}, so they are published again. A policy of row-level security or a trigger prevents it: let the relay's user delete all rows`,
    );
  }

  async #take(client: PoolClient): Promise<readonly SelectedRow[]> {
    for (const selection of this.#selections) {
      const { rows } = await client.query<SelectedRow>(selection);
      if (rows.length > 0) return withoutHeldBack(rows);
    }
    return [];
  }

  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    const stopWaiting = whenAborted(signal, resolve);
    await Promise.race([promise, this.#hint.promise]);
    clearTimeout(timer);
    stopWaiting();
  }

  level(): Promise<OutboxLevel> {
    return readLevel(this.#pool, this.#table);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
    await this.#pool.end();
  }
}

/**
 * What to select, until something is found. First among the oldest rows, which costs the same however long the backlog is. Then
 * among all, since the oldest may be held by other relays, or wait behind a refused one. At last the rows without an aggregate,
 * which another library's table may have.
 */
function selectionsInOrder(table: string): string[] {
  return [selectOldestInOrder(table), selectAllInOrder(table), selectOldest(table, 'aggregateid IS NULL')];
}

/** The rows that were inserted first, and that no relay holds. @param condition which rows are looked at */
function selectOldest(table: string, condition = 'true'): string {
  const held = `SELECT position FROM ${table} WHERE refused IS NULL AND ${condition}
    ORDER BY position LIMIT ${BATCH_ROWS} FOR UPDATE SKIP LOCKED`;
  return selectBatch(table, `held AS MATERIALIZED (${held})`, 'position');
}

/**
 * Of the oldest rows, those of the aggregates whose first row no relay holds. Another relay can't take later rows of an aggregate
 * before the first one is gone, since it sees that row until then, and it can't lock it.
 */
function selectOldestInOrder(table: string): string {
  const oldest = `SELECT position, aggregateid FROM ${table} ORDER BY position LIMIT ${OLDEST_ROWS}`;
  const aggregates = `SELECT aggregateid FROM ${table}
    WHERE refused IS NULL AND position = ANY (ARRAY(SELECT min(position) FROM oldest GROUP BY aggregateid))
    ORDER BY position LIMIT ${BATCH_ROWS} FOR UPDATE SKIP LOCKED`;
  const held = `SELECT position FROM oldest WHERE aggregateid IN (SELECT aggregateid FROM aggregates)
    ORDER BY position LIMIT ${BATCH_ROWS}`;
  return selectBatch(
    table,
    `oldest AS MATERIALIZED (${oldest}), aggregates AS MATERIALIZED (${aggregates}), held AS MATERIALIZED (${held})`,
    'position',
  );
}

/**
 * Of all rows, those of the aggregates whose first row no relay holds. The subquery uses the index however wrong the planner's
 * statistics are, which an anti-join doesn't.
 */
function selectAllInOrder(table: string): string {
  const held = `SELECT aggregateid FROM ${table} AS first WHERE refused IS NULL
      AND position = (SELECT min(position) FROM ${table} AS own WHERE own.aggregateid = first.aggregateid)
    ORDER BY position LIMIT ${BATCH_ROWS} FOR UPDATE SKIP LOCKED`;
  return selectBatch(table, `held AS MATERIALIZED (${held})`, 'aggregateid');
}

/**
 * @param queries common table expressions; that of the name `held` has a column of the rows to take
 * @param column that column. Looked up by the index, whatever the statistics
 */
function selectBatch(table: string, queries: string, column: 'aggregateid' | 'position'): string {
  // PostgreSQL knows the length of a compressed text without decompressing it. A frame with EXCLUDE would be added up
  // from its first row for each row.
  const length = 'octet_length(own.payload::text)';
  return `WITH ${queries}
    SELECT ${COLUMNS} FROM (
      SELECT own.*, sum(${length}) OVER (ORDER BY own.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
      FROM held CROSS JOIN LATERAL (
        SELECT ${COLUMNS} FROM ${table} WHERE ${column} = held.${column} ORDER BY position LIMIT ${BATCH_ROWS}
      ) AS own ORDER BY own.position LIMIT ${BATCH_ROWS}
    ) AS batch WHERE coalesce(before, 0) < ${BATCH_BYTES} ORDER BY position`;
}

/** Leaves out what was refused, and what comes behind it. */
function withoutHeldBack(rows: readonly SelectedRow[]): SelectedRow[] {
  const heldBack = new Set<string | null>();
  return rows.filter(({ aggregateid, refused }) => {
    if (refused !== null) heldBack.add(aggregateid);
    return !heldBack.has(aggregateid);
  });
}

function storedRow({ aggregatetype, aggregateid, type, payload, ...row }: SelectedRow): StoredRow {
  return {
    ...row,
    aggregatetype: aggregatetype ?? '',
    aggregateid: aggregateid ?? row.id,
    type: type ?? '',
    payload: typeof payload === 'string' ? payload : new Uint8Array(payload ?? []),
  };
}

function refusalOf(position: string, publication: Publication | undefined) {
  if (!publication || publication.published || !publication.refused) return [];
  // JSON in PostgreSQL holds neither U+0000 nor half a surrogate pair, where a long reason was cut.
  return [{ position, reason: toMessageText(publication.reason) }];
}
