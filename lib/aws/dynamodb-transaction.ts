import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CancellationReason,
  type DynamoDBClient,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { backoffBound } from '../core/base/backoff.ts';
import { DYNAMODB_MAX_TRANSACT_ITEMS } from '../core/config/aws-limits.ts';
import { RECORD_KEY } from '../core/config/record-table.ts';
import {
  type DynamoDbWrite,
  type WriteRefusal,
  WritesFailed,
  WritesRefused,
} from '../core/ports/handler-writes.ts';
import type { ConditionalWrite } from './dynamodb-conditional-items.ts';
import { type Item, updateOf } from './record-item.ts';

/** Most tries at a transaction that others get in the way of. */
const MAX_TRIES = 5;

/** Upper bound of the wait before the second try; it doubles before each further one. */
const RETRY_BASE_MILLISECONDS = 50;

/** Transient: another transaction has the item, or the table has no capacity at the moment. */
const TRANSIENT_CODES: ReadonlySet<string | undefined> = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);

/** The code of a write that isn't why a transaction was cancelled. */
const NO_REASON = 'None';

/** The handler's writes are wrong: no retry helps. */
const HANDLER_ERRORS: ReadonlySet<string> = new Set([
  'ValidationException',
  'ResourceNotFoundException',
  'AccessDeniedException',
]);

/** Where a record's item is, and which of its attributes may be missing. */
export interface RecordTable {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly optional: readonly string[];
}

/**
 * Writes an item as `ConditionalItems` does, in one transaction with a handler's writes.
 * @throws WritesFailed if the handler's writes were refused
 */
export async function writeInTransaction(
  given: Item,
  writes: readonly DynamoDbWrite[],
  { client, table, optional }: RecordTable,
): Promise<ConditionalWrite> {
  assertWrites(writes);
  const writeId = crypto.randomUUID();
  const own = recordWrite({ ...given, writeId: { S: writeId } }, table, optional);
  for (let tries = 1; ; tries++) {
    // A resent call has the same token: its transaction is made once.
    const command = new TransactWriteItemsCommand({
      TransactItems: [own, ...writes],
      ClientRequestToken: crypto.randomUUID(),
    });
    try {
      await client.send(command);
      return { written: true };
    } catch (error) {
      const [record, ...reasons] = reasonsOf(error);
      if (record?.Code === 'ConditionalCheckFailed') {
        // The answer to an earlier try was lost: then the item is from this write.
        if (record.Item?.writeId?.S === writeId) return { written: true };
        return { written: false, item: record.Item };
      }
      const refusals = reasons.flatMap(refusalOf);
      if (tries === MAX_TRIES || !isTransient(record, refusals)) throw failureOf(error, refusals);
    }
    await sleep(Math.random() * backoffBound(tries, RETRY_BASE_MILLISECONDS));
  }
}

/** @throws WritesFailed */
function assertWrites(writes: readonly DynamoDbWrite[]): void {
  const most = DYNAMODB_MAX_TRANSACT_ITEMS - 1;
  if (!Array.isArray(writes)) {
    throw new WritesFailed(
      new TypeError(`dynamodb of complete() must be an array of writes, got ${typeof writes}`),
    );
  }
  if (writes.length <= most) return;
  throw new WritesFailed(
    new RangeError(
      `dynamodb of complete() must have at most ${most} writes, beside the record's, got ${writes.length}`,
    ),
  );
}

/** Keeps attributes that it doesn't know. */
function recordWrite(item: Item, table: string, optional: readonly string[]): TransactWriteItem {
  const { [RECORD_KEY]: key = { S: '' }, ...attributes } = item;
  const removed = optional.filter((name) => !(name in attributes));
  const { ExpressionAttributeNames, ExpressionAttributeValues, UpdateExpression } = updateOf(
    attributes,
    removed,
  );
  const revision = Number(item.revision?.N);
  const isFirst = revision === 1;
  return {
    Update: {
      TableName: table,
      Key: { [RECORD_KEY]: key },
      UpdateExpression,
      ConditionExpression: isFirst ? 'attribute_not_exists(#revision)' : '#revision = :before',
      ExpressionAttributeNames,
      ExpressionAttributeValues: {
        ...ExpressionAttributeValues,
        ...(!isFirst && { ':before': { N: String(revision - 1) } }),
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

/** Why a transaction was cancelled, for each of its writes; nothing if it failed otherwise. */
function reasonsOf(error: unknown): readonly CancellationReason[] {
  return error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
}

function refusalOf({ Code = NO_REASON, Message, Item }: CancellationReason, index: number): WriteRefusal[] {
  return Code === NO_REASON ? [] : [{ index, code: Code, message: Message, item: Item }];
}

/** Whether the same transaction may be made in a moment. */
function isTransient(record: CancellationReason | undefined, refusals: readonly WriteRefusal[]): boolean {
  const codes = [record?.Code, ...refusals.map(({ code }) => code)].filter((code) => code !== NO_REASON);
  return codes.length > 0 && codes.every((code) => TRANSIENT_CODES.has(code));
}

/** Wraps an error of the handler's writes. */
function failureOf(error: unknown, refusals: readonly WriteRefusal[]): unknown {
  if (refusals.length > 0) return new WritesFailed(new WritesRefused(refusals));
  return error instanceof Error && HANDLER_ERRORS.has(error.name) ? new WritesFailed(error) : error;
}
