import { type FSWatcher, watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigurationError } from '../../core/base/errors.ts';
import { whenAborted } from '../../core/base/when-aborted.ts';
import type { Publication } from '../../core/wire/batch-publisher.ts';
import { changeOfFile } from '../../stores/sqlite/change-of-file.ts';
import { importSqlite } from '../../stores/sqlite/import-sqlite.ts';
import { codeOf, SQLITE_BUSY } from '../../stores/sqlite/result-code.ts';
import { rollback } from '../../stores/sqlite/rollback.ts';
import type { Row } from '../../stores/sqlite/row.ts';
import { syncFileData } from '../../stores/sync-file.ts';
import type { OutboxLevel, OutboxSource, PublishRows, StoredRow } from '../outbox-source.ts';
import { explaining, openDatabase, readLevel } from './open-database.ts';
import type { SqliteOutboxTable } from './table.ts';

/** Most rows of a batch. */
const BATCH_ROWS = 256;

/** About how many bytes of payloads a batch has at most, to bound memory. */
const BATCH_BYTES = 16 * 1024 * 1024;

/** How long SQLite itself waits for a lock of the application, and the process with it. */
const BLOCKED_MILLISECONDS = 20;

/** The application holds its lock for milliseconds, unless it hangs. */
const BUSY_RETRY_MILLISECONDS = 5;
const BUSY_MILLISECONDS = 30_000;

/** Options of a {@link SqliteOutbox}. */
export interface SqliteOutboxOptions {
  /** The application's file. */
  readonly path: string;
  readonly table: SqliteOutboxTable;
  /** Whether the rows of an aggregate are relayed in order. Then a row that was refused holds back the later ones of its aggregate. */
  readonly ordered: boolean;
}

/** A row as it is stored, with its place. */
interface TakenRow extends StoredRow {
  readonly position: number;
}

const COLUMNS =
  'position, id, aggregatetype, aggregateid, type, payload, tracingspancontext, inserted, refused';

/**
 * The outbox table in an application's SQLite file. Of several relays of a file, one works, and another takes its place when it
 * ends: it holds the lock of a file beside the application's, which the system frees however the process ends.
 */
export class SqliteOutbox implements OutboxSource {
  /** Reading and removing rows of a file needs no time in which others could be published. */
  readonly maxBatches = 1;
  readonly #path: string;
  readonly #table: SqliteOutboxTable;
  readonly #database: DatabaseSync;
  readonly #lock: DatabaseSync;
  readonly #select: string;
  /** What the path named when it was opened. */
  readonly #inode: number;
  #watcher: FSWatcher | undefined;
  /** Changes with every commit of another connection. */
  #seenVersion: number | undefined;
  #wake: (() => void) | undefined;

  private constructor(
    database: DatabaseSync,
    lock: DatabaseSync,
    inode: number,
    options: SqliteOutboxOptions,
  ) {
    this.#path = options.path;
    this.#table = options.table;
    this.#database = database;
    this.#lock = lock;
    this.#inode = inode;
    this.#select = selectOf(options);
    this.#watch();
  }

  /** @throws ConfigurationError if there is no such file, no such table in it, or if this Node has no SQLite */
  static async open(options: SqliteOutboxOptions): Promise<SqliteOutbox> {
    const { path } = options;
    const database = await openDatabase(path, BLOCKED_MILLISECONDS);
    try {
      const { ino } = await stat(path);
      await whenFree(() => explaining(path, () => database.prepare(selectOf(options)).get()));
      const { DatabaseSync } = await importSqlite();
      return new SqliteOutbox(database, new DatabaseSync(`${path}-relay`), ino, options);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  async relay(publish: PublishRows): Promise<readonly Publication[]> {
    this.#seenVersion = this.#version();
    await this.#assertSameFile();
    if (!this.#hasTurn()) return [];
    const rows = this.#take();
    if (rows.length === 0) return [];
    await this.#sync();
    const publications = await publish(rows);
    await this.#settle(rows, publications);
    return publications;
  }

  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#hasChanged()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, milliseconds);
    const stopWaiting = whenAborted(signal, resolve);
    await promise;
    clearTimeout(timer);
    stopWaiting();
    this.#wake = undefined;
  }

  async level(): Promise<OutboxLevel> {
    return readLevel(this.#database, this.#table);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watcher?.close();
    this.#lock.close();
    this.#database.close();
  }

  /** @throws ConfigurationError if the application writes to another file by now, such as a restored backup */
  async #assertSameFile(): Promise<void> {
    const change = await changeOfFile(this.#path, this.#inode);
    if (change === undefined) return;
    throw new ConfigurationError(
      `The outbox can't be relayed: ${this.#path} was ${change} while it was open. Start the relay again`,
    );
  }

  /** Whether this relay is the one that works. */
  #hasTurn(): boolean {
    if (this.#lock.isTransaction) return true;
    try {
      this.#lock.prepare('BEGIN EXCLUSIVE').run();
      return true;
    } catch (error) {
      if (codeOf(error) === SQLITE_BUSY) return false;
      throw error;
    }
  }

  /** The committed rows to relay. SQLite commits one transaction after another, so their places are in the order of commits. */
  #take(): TakenRow[] {
    const rows: TakenRow[] = [];
    let bytes = 0;
    for (const row of this.#database.prepare(this.#select).iterate()) {
      const taken = storedRow(row);
      rows.push(taken);
      bytes += taken.payload.length;
      if (bytes >= BATCH_BYTES) break;
    }
    return rows;
  }

  /**
   * Makes what was read survive a loss of power: by default, some drivers commit to the write-ahead log without waiting for the
   * disk. A request must not exist without its change.
   */
  async #sync(): Promise<void> {
    const log = await open(`${this.#path}-wal`, 'r+').catch(() => undefined);
    if (log) await syncFileData(log.fd).finally(() => log.close());
  }

  /** Removes what was published, and marks what was refused. */
  async #settle(rows: readonly TakenRow[], publications: readonly Publication[]): Promise<void> {
    const { sql } = this.#table;
    await whenFree(() => this.#database.prepare('BEGIN IMMEDIATE').run());
    try {
      const remove = this.#database.prepare(`DELETE FROM ${sql} WHERE position = ?`);
      const refuse = this.#database.prepare(`UPDATE ${sql} SET refused = ? WHERE position = ?`);
      for (const [nth, { position }] of rows.entries()) {
        const publication = publications[nth];
        if (publication?.published) remove.run(position);
        else if (publication?.refused) refuse.run(publication.reason, position);
      }
      await whenFree(() => this.#database.prepare('COMMIT').run());
    } catch (error) {
      rollback(this.#database);
      throw error;
    }
  }

  /** Where the system can't watch, the time of {@link wait} must do. */
  #watch(): void {
    const name = basename(this.#path);
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, (_, changed) => {
        if (this.#wake && (changed === name || changed === `${name}-wal`) && this.#hasChanged()) this.#wake();
      });
      this.#watcher.on('error', () => {});
    } catch {
      // The system has no more watchers.
    }
  }

  #hasChanged(): boolean {
    return this.#version() !== this.#seenVersion;
  }

  /** Undefined while the file is locked. */
  #version(): number | undefined {
    try {
      return Number(this.#database.prepare('PRAGMA data_version').get()?.data_version);
    } catch {
      return undefined;
    }
  }
}

/** Repeats work while a transaction of the application is in its way, outside of the event loop. */
async function whenFree<Value>(work: () => Value): Promise<Value> {
  for (const end = Date.now() + BUSY_MILLISECONDS; ; ) {
    try {
      return work();
    } catch (error) {
      if (codeOf(error) !== SQLITE_BUSY || Date.now() > end) throw error;
    }
    await sleep(BUSY_RETRY_MILLISECONDS);
  }
}

function selectOf({ table: { sql }, ordered }: SqliteOutboxOptions): string {
  const notBehind = `NOT EXISTS (SELECT 1 FROM ${sql} AS earlier
    WHERE earlier.refused IS NOT NULL AND earlier.aggregateid = row.aggregateid AND earlier.position < row.position)`;
  return `SELECT ${COLUMNS} FROM ${sql} AS row WHERE refused IS NULL ${ordered ? `AND ${notBehind}` : ''}
    ORDER BY position LIMIT ${BATCH_ROWS}`;
}

function storedRow({ position, payload, tracingspancontext, ...row }: Row): TakenRow {
  return {
    id: String(row.id),
    // The columns of another library's table may be nullable.
    aggregatetype: String(row.aggregatetype ?? ''),
    aggregateid: String(row.aggregateid ?? row.id),
    type: String(row.type ?? ''),
    payload: payload instanceof Uint8Array ? new Uint8Array(payload) : String(payload ?? ''),
    tracingspancontext: tracingspancontext === null ? null : String(tracingspancontext),
    position: Number(position),
  };
}
