import { type FSWatcher, watch } from 'node:fs';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { resolve as absolutePath, dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from '../../core/base/errors.ts';
import { whenAborted } from '../../core/base/when-aborted.ts';
import { syncFileData } from '../sync-file.ts';
import { syncFolder } from '../sync-folder.ts';
import { changeOfFile } from './change-of-file.ts';
import { type Confirmation, GroupCommit } from './group-commit.ts';
import { HandlerTransactions } from './handler-transactions.ts';
import { importSqlite } from './import-sqlite.ts';
import { codeOf, SQLITE_BUSY, SQLITE_CONSTRAINT } from './result-code.ts';
import { rollback } from './rollback.ts';
import { createTables } from './schema.ts';
import { SharedSync } from './shared-sync.ts';
import { Statement } from './statement.ts';

/** How a file is opened. */
export interface SqliteOptions {
  /**
   * What confirmed changes survive. `full`: the loss of power or a crash of the operating system; every confirmation
   * waits for the disk. `normal`: the end of every process, by `kill -9` too; a loss of power may take the changes of
   * the last seconds, never parts of one.
   * @default 'full'
   */
  readonly synchronous?: 'full' | 'normal';
}

/** Why the wait for messages ended: see {@link SqliteFile.whenChanged}. */
export type QueueChange = 'changing' | 'changed';

/** Waits for messages of a queue. */
interface Receiver {
  readonly queue: string;
  readonly wake: (change: QueueChange) => void;
}

/** How long SQLite itself waits for a lock. It blocks the event loop, so further waits are made outside of it. */
const BUSY_MILLISECONDS = 20;

/** How long to wait for other processes that open the file. */
const OPEN_MILLISECONDS = 10_000;

/**
 * A file with records, keys and queues, which the processes of one machine share. It must be on a local disk: network
 * file systems have no shared memory, which SQLite's write-ahead log needs.
 */
export class SqliteFile implements AsyncDisposable {
  readonly path: string;
  /** Runs statements of handlers, within a change. */
  readonly handlers: HandlerTransactions;
  readonly #database: DatabaseSync;
  readonly #log: FileHandle;
  readonly #commits: GroupCommit;
  readonly #statements = new Map<string, Statement>();
  readonly #receivers = new Set<Receiver>();
  /** The queues that the transaction has changed. */
  readonly #changed = new Set<string>();
  #watcher: FSWatcher | undefined;
  #version = 0;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  private constructor(
    path: string,
    database: DatabaseSync,
    log: FileHandle,
    inodes: Readonly<Record<string, number>>,
    isSynced: boolean,
  ) {
    this.path = path;
    this.#database = database;
    this.handlers = new HandlerTransactions(database);
    this.#log = log;
    const sync = new SharedSync(async () => {
      await syncFileData(log.fd);
      for (const [name, inode] of Object.entries(inodes)) {
        const change = await changeOfFile(name, inode);
        if (change)
          throw new StoreUnavailable(name, new Error(`it was ${change} while it was open. Start again`));
      }
    });
    this.#commits = new GroupCommit(
      {
        begin: () => this.statement('BEGIN IMMEDIATE').run(),
        commit: () => this.statement('COMMIT').run(),
        rollback: () => rollback(this.#database),
        sync: () => (isSynced ? sync.run() : Promise.resolve()),
        isBusy,
        isConstraint,
        unavailable: (cause) => new StoreUnavailable(path, cause),
      },
      () => this.#onCommitted(),
    );
  }

  /**
   * Opens a file, and creates it with its folder if it doesn't exist.
   * @throws ConfigurationError when this Node has no SQLite
   * @throws Error when the file is another program's, or can't be opened or written
   */
  static async open(given: string, { synchronous = 'full' }: SqliteOptions = {}): Promise<SqliteFile> {
    const { DatabaseSync } = await importSqlite();
    // The process may change its folder while the file is open.
    const path = absolutePath(given);
    await mkdir(dirname(path), { recursive: true });
    const database = new DatabaseSync(path);
    try {
      const { ino } = await stat(path);
      database.exec(`PRAGMA busy_timeout = ${BUSY_MILLISECONDS}`);
      await untilFree(() => {
        // Confirmations wait for the disk by themselves, together and outside of the event loop, instead of in each commit.
        database.exec('PRAGMA synchronous = NORMAL');
        database.prepare('PRAGMA journal_mode = WAL').get();
        createTables(database, path);
      });
      const logPath = `${path}-wal`;
      const log = await open(logPath, 'r+');
      await syncFolder(dirname(path));
      // A backup that is restored in place has the inode of the file, and no log.
      const inodes = { [path]: ino, [logPath]: (await log.stat()).ino };
      return new SqliteFile(path, database, log, inodes, synchronous === 'full');
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** A statement, prepared once. Read all its rows before the next `await`: an open one keeps changes from being committed. */
  statement(sql: string): Statement {
    if (this.#isClosed) throw new Error(`${this.path} is closed`);
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = new Statement(this.#database, sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /**
   * Makes a change in a transaction, together with the other changes of this turn of the event loop.
   * @param change runs statements, perhaps more than once
   * @param confirmation when to resolve. @default 'on disk'
   * @param queue whose messages become deliverable by the change, at once or later
   * @throws StoreUnavailable when another process kept the file locked, the disk is full or broken, or the file was deleted or replaced
   */
  write<Value>(change: () => Value, confirmation: Confirmation = 'on disk', queue?: string): Promise<Value> {
    if (this.#closing) return Promise.reject(new Error(`${this.path} is closed`));
    if (queue === undefined) return this.#commits.run(change, confirmation);
    const written = this.#commits.run(() => {
      this.#changed.add(queue);
      return change();
    }, confirmation);
    this.#wake(queue, 'changing');
    return written;
  }

  /**
   * Reads in a transaction, so that all is of one moment. It neither waits for changes of other processes nor holds them up.
   * @param read runs statements that change temporary tables only
   */
  read<Value>(read: () => Value): Value {
    this.statement('BEGIN').run();
    try {
      const value = read();
      this.statement('COMMIT').run();
      return value;
    } catch (error) {
      rollback(this.#database);
      throw error;
    }
  }

  /**
   * Waits for messages of a queue.
   * @returns `changing` when a change of this process is about to be committed: what is written then shares its transaction.
   *   `changed` after a commit, by another process too, after a time, or when the signal fires
   */
  async whenChanged(queue: string, milliseconds: number, signal: AbortSignal): Promise<QueueChange> {
    this.#watch();
    const { promise, resolve } = Promise.withResolvers<QueueChange>();
    const receiver: Receiver = { queue, wake: resolve };
    this.#receivers.add(receiver);
    const timer = setTimeout(() => resolve('changed'), milliseconds);
    const stopWaiting = whenAborted(signal, () => resolve('changed'));
    const change = await promise;
    clearTimeout(timer);
    stopWaiting();
    this.#receivers.delete(receiver);
    return change;
  }

  /** Closes the file, after all changes. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#commits.idle();
    this.#isClosed = true;
    this.#watcher?.close();
    this.#wakeAll();
    this.#database.close();
    await this.#log.close();
  }

  /** Watches for changes by other processes. Where the system can't, the times of {@link whenChanged} must do. */
  #watch(): void {
    if (this.#watcher || this.#closing) return;
    this.#version = this.#otherVersion();
    try {
      this.#watcher = watch(`${this.path}-wal`, { persistent: false }, () => {
        // The changes of this process are reported too.
        if (this.#closing || this.#receivers.size === 0) return;
        const version = this.#otherVersion();
        if (version === this.#version) return;
        this.#version = version;
        this.#wakeAll();
      });
      this.#watcher.on('error', () => {});
    } catch {
      // The system has no more watchers.
    }
  }

  /** A number that changes with every commit of another connection. */
  #otherVersion(): number {
    return Number(this.statement('PRAGMA data_version').get()?.data_version);
  }

  #onCommitted(): void {
    for (const queue of this.#changed) this.#wake(queue, 'changed');
    this.#changed.clear();
  }

  #wake(queue: string, change: QueueChange): void {
    for (const receiver of this.#receivers) {
      // Subscriptions to the queue get the messages that are sent to it.
      if (receiver.queue === queue || receiver.queue.startsWith(`${queue}/`)) receiver.wake(change);
    }
  }

  #wakeAll(): void {
    for (const { wake } of this.#receivers) wake('changed');
  }
}

/** Runs `action` until no other process has the database locked. */
async function untilFree(action: () => void): Promise<void> {
  const end = Date.now() + OPEN_MILLISECONDS;
  while (true) {
    try {
      action();
      return;
    } catch (error) {
      if (!isBusy(error) || Date.now() > end) throw error;
    }
    await sleep(BUSY_MILLISECONDS);
  }
}

function isBusy(error: unknown): boolean {
  return codeOf(error) === SQLITE_BUSY;
}

function isConstraint(error: unknown): boolean {
  return codeOf(error) === SQLITE_CONSTRAINT;
}
