import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isPromise } from 'node:util/types';
import { quote } from '../../core/base/quote.ts';
import {
  type SqliteRow,
  type SqliteTransaction,
  type SqliteValue,
  WritesFailed,
} from '../../core/ports/handler-writes.ts';
import { codeOf, SQLITE_CONSTRAINT } from './result-code.ts';

/** Most statements that are kept prepared: a handler may put values into its SQL. */
const MAX_PREPARED = 100;

/** What changes data, and neither ends the transaction nor changes the file's settings or schema. */
const COMMANDS: ReadonlySet<string> = new Set([
  'select',
  'insert',
  'update',
  'delete',
  'replace',
  'with',
  'values',
]);

/** A text, a quoted name or a comment, in which no parameter can be; or a parameter. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\/|\?\d*|[:@$]\w+/g;

/** The white space and comments before a command. */
const LEADING = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*/;

interface Prepared {
  readonly statement: StatementSync;
  readonly parameters: number;
}

/** The writes of a handler failed, and were rolled back. */
export interface HandlerFailure {
  readonly failed: WritesFailed;
}

/** The statements that handlers run in the transactions of a database. */
export class HandlerTransactions {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * Runs an action within a transaction that has begun. If the action fails, all that it wrote is rolled back, and nothing else.
   * @throws WritesFailed, or the error of SQLite, if the whole transaction was rolled back
   */
  run<Value>(action: (tx: SqliteTransaction) => Value): Value | HandlerFailure {
    const database = this.#database;
    const tx = new HandlerTransaction((sql) => this.#prepare(sql));
    database.exec('SAVEPOINT handler');
    try {
      const value = action(tx);
      this.#assertTransaction();
      database.exec('RELEASE handler');
      return value;
    } catch (error) {
      if (database.isTransaction) {
        database.exec('ROLLBACK TO handler; RELEASE handler');
        return { failed: new WritesFailed(error) };
      }
      // SQLite rolls back by itself when the disk is full, for example, which isn't the handler's fault.
      const isHandlers = codeOf(error) === undefined || codeOf(error) === SQLITE_CONSTRAINT;
      throw isHandlers ? new WritesFailed(error) : error;
    } finally {
      tx.close();
    }
  }

  /** A conflict clause or a trigger may have rolled back everything, and the handler may have caught the error. */
  #assertTransaction(): void {
    if (!this.#database.isTransaction)
      throw new Error('A statement of complete() rolled back the transaction');
  }

  #prepare(sql: string): Prepared {
    this.#assertTransaction();
    const known = this.#prepared.get(sql);
    if (known) return known;
    const prepared = prepare(this.#database, sql);
    if (this.#prepared.size === MAX_PREPARED) this.#prepared.clear();
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

/** Runs a handler's callback. @throws TypeError if it is asynchronous */
export function runWrites(write: (tx: SqliteTransaction) => unknown, tx: SqliteTransaction): void {
  if (typeof write !== 'function')
    throw new TypeError(`sqlite of complete() must be a function, got ${typeof write}`);
  const returned = write(tx);
  if (!isThenable(returned)) return;
  // The queries of some libraries run when something waits for them, so only a promise is waited for.
  if (isPromise(returned)) returned.catch(() => {});
  throw new TypeError(
    'sqlite of complete() must be a function that is not async: await everything before you call complete()',
  );
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}

class HandlerTransaction implements SqliteTransaction {
  readonly #prepare: (sql: string) => Prepared;
  #isOpen = true;

  constructor(prepare: (sql: string) => Prepared) {
    this.#prepare = prepare;
  }

  run(sql: string, ...values: readonly SqliteValue[]) {
    return this.#statement(sql, values).run(...values.map(bindable));
  }

  get(sql: string, ...values: readonly SqliteValue[]): SqliteRow | undefined {
    return this.#statement(sql, values).get(...values.map(bindable));
  }

  all(sql: string, ...values: readonly SqliteValue[]): SqliteRow[] {
    return this.#statement(sql, values).all(...values.map(bindable));
  }

  close(): void {
    this.#isOpen = false;
  }

  #statement(sql: string, values: readonly SqliteValue[]): StatementSync {
    if (!this.#isOpen)
      throw new TypeError('The transaction of complete() has ended: use it within the callback');
    const { statement, parameters } = this.#prepare(sql);
    // SQLite would take a missing value for NULL.
    if (values.length === parameters) return statement;
    throw new TypeError(
      `The statement has ${parameters} parameters, got ${values.length} values: ${quote(sql)}`,
    );
  }
}

/** @throws TypeError for a statement that a handler can't run */
function prepare(database: DatabaseSync, sql: string): Prepared {
  const [command = ''] = /^\w*/.exec(sql.replace(LEADING, '')) ?? [];
  if (!COMMANDS.has(command.toLowerCase())) {
    throw new TypeError(
      `A statement of complete() must begin with one of ${[...COMMANDS].join(', ').toUpperCase()}, got ${quote(sql)}`,
    );
  }
  const parameters = (sql.match(TOKEN) ?? []).filter((token) => /^[?:@$]/.test(token));
  const named = parameters.find((parameter) => parameter !== '?');
  if (named !== undefined) {
    throw new TypeError(
      `Parameters of a statement of complete() are ?, without name or number, got ${named}`,
    );
  }
  const statement = database.prepare(sql);
  // `node:sqlite` would run the first statement alone (findings/node-sqlite-drops-statements-and-values.sh).
  const rest = sql.slice(statement.sourceSQL.length).replace(LEADING, '');
  if (rest !== '' && !rest.startsWith('--')) {
    throw new TypeError(`complete() runs one statement at a time, got another one: ${quote(rest)}`);
  }
  return { statement, parameters: parameters.length };
}

/** @throws TypeError for a value that `node:sqlite` would bind as NULL, such as a Date, which it takes for named parameters */
function bindable(value: SqliteValue, index: number): SqliteValue {
  if (value === null || typeof value === 'string' || typeof value === 'bigint') return value;
  // Otherwise every number is a double, `5.0` in a text.
  if (typeof value === 'number' && !Number.isNaN(value))
    return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (value instanceof Uint8Array) return value;
  const given: unknown = value;
  const kind = typeof given === 'object' ? given?.constructor.name : given;
  throw new TypeError(
    `Value ${index + 1} of a statement must be null, a number, a bigint, a string or a Uint8Array, got ${kind}`,
  );
}
