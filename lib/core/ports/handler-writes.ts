import { CoatcheckError, ConfigurationError } from '../base/errors.ts';

/**
 * Writes of a handler that are committed together with the outcome of its request. Each member is for one kind of store; the
 * store that has the record of the request makes its own.
 */
export interface HandlerWrites {
  /**
   * For records in a SQLite file: writes to tables of that file. It runs in the transaction that records the outcome, perhaps
   * more than once, so it must have no effect outside of the transaction. It can't be asynchronous. If it throws, nothing is
   * written.
   */
  readonly sqlite?: (tx: SqliteTransaction) => void;
  /**
   * For records in DynamoDB: items of `TransactWriteItems`, at most 99, in tables of the same account and region. If a condition
   * fails, nothing is written, and the handler gets {@link WritesRefused}.
   */
  readonly dynamodb?: readonly DynamoDbWrite[];
}

/** The kind of a store that can make writes of a handler. */
export type WriteKind = keyof HandlerWrites;

/** @throws ConfigurationError unless there are writes of a kind that the store makes */
export function assertWritable(writes: HandlerWrites, kinds: readonly WriteKind[] = []): void {
  // Programs in JavaScript may pass none.
  const given: HandlerWrites | undefined = writes;
  if (!kinds.some((kind) => given?.[kind] !== undefined)) throw unwritable(given ?? {}, kinds);
}

/** The error for writes of no kind that the store makes. */
export function unwritable(writes: HandlerWrites, kinds: readonly WriteKind[] = []): ConfigurationError {
  const given = Object.keys(writes).join(' and ') || 'none';
  return new ConfigurationError(
    kinds.length === 0
      ? `complete() needs records in a SQLite file or in DynamoDB, and those of this service are elsewhere: return the result, and make the handler's writes idempotent`
      : `complete() needs writes for ${kinds.join(' or ')}, where the records of this service are, got ${given}`,
  );
}

/** A value to bind. An integer is bound as an integer, unlike by `node:sqlite`, which binds it as a `REAL`. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/** A row of a SQLite table, by the names of its columns. */
export type SqliteRow = Readonly<Record<string, SqliteValue>>;

/**
 * The transaction of a SQLite file that records the outcome. It takes one statement at a time: `SELECT`, `INSERT`, `UPDATE`,
 * `DELETE`, `REPLACE`, `WITH` or `VALUES`, whose parameters are `?`, as many as there are values. It can't be used after the
 * callback has returned.
 */
export interface SqliteTransaction {
  /** Runs a statement. @throws TypeError for another statement or other values; the error of SQLite */
  run(
    sql: string,
    ...values: readonly SqliteValue[]
  ): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  /** Reads the first row; undefined if there is none. @throws TypeError as {@link run} does; the error of SQLite */
  get(sql: string, ...values: readonly SqliteValue[]): SqliteRow | undefined;
  /** Reads all rows. @throws TypeError as {@link run} does; the error of SQLite */
  all(sql: string, ...values: readonly SqliteValue[]): SqliteRow[];
}

/**
 * A value as DynamoDB writes it, as `AttributeValue` of the AWS SDK. `marshall()` of `@aws-sdk/util-dynamodb` makes items of them.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
 */
export type DynamoDbValue =
  | { S: string }
  | { N: string }
  | { B: Uint8Array }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: Uint8Array[] }
  | { M: Record<string, DynamoDbValue> }
  | { L: DynamoDbValue[] }
  | { NULL: boolean }
  | { BOOL: boolean }
  | { $unknown: [string, unknown] };

interface ConditionalWrite {
  readonly TableName: string | undefined;
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Record<string, DynamoDbValue> | undefined;
  /** With `ALL_OLD`, {@link WritesRefused} has the item that didn't meet the condition. */
  readonly ReturnValuesOnConditionCheckFailure?: 'ALL_OLD' | 'NONE' | undefined;
}

interface KeyedWrite extends ConditionalWrite {
  readonly Key: Record<string, DynamoDbValue> | undefined;
}

/**
 * One write of a transaction, as `TransactWriteItem` of the AWS SDK: it has one of the members.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItem.html
 */
export interface DynamoDbWrite {
  readonly Put?:
    | (ConditionalWrite & { readonly Item: Record<string, DynamoDbValue> | undefined })
    | undefined;
  readonly Update?: (KeyedWrite & { readonly UpdateExpression: string | undefined }) | undefined;
  readonly Delete?: KeyedWrite | undefined;
  readonly ConditionCheck?: (KeyedWrite & { readonly ConditionExpression: string | undefined }) | undefined;
}

/** Why DynamoDB refused one write. */
export interface WriteRefusal {
  /** Its place in the handler's list, from 0. */
  readonly index: number;
  /** Such as `ConditionalCheckFailed`. */
  readonly code: string;
  readonly message: string | undefined;
  /** The item that is there, in DynamoDB's form, if the write asked for it. */
  readonly item: Record<string, DynamoDbValue> | undefined;
}

/** DynamoDB refused writes of the handler, so that nothing was written. The handler may decide by the {@link refusals} what to do. */
export class WritesRefused extends CoatcheckError {
  override readonly name = 'WritesRefused';
  readonly code = 'writes_refused';
  readonly refusals: readonly WriteRefusal[];

  constructor(refusals: readonly WriteRefusal[]) {
    const reasons = refusals.map(
      ({ index, code, message }) => `[${index}] ${code}${message ? `: ${message}` : ''}`,
    );
    super(`DynamoDB refused writes of complete(), so nothing was written: ${reasons.join('; ')}`);
    this.refusals = refusals;
  }
}

/** A store could write the record, but not the handler's writes, so it wrote nothing. The cause is for the handler. */
export class WritesFailed extends CoatcheckError {
  override readonly name = 'WritesFailed';
  readonly code = 'writes_failed';

  constructor(cause: unknown) {
    super("The handler's writes failed", { cause });
  }
}
