import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchExecuteStatementCommand,
  type BatchStatementError,
  type BatchStatementRequest,
  type BatchStatementResponse,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { backoffBound } from '../core/base/backoff.ts';
import { DYNAMODB_MAX_BATCH_STATEMENTS } from '../core/config/aws-limits.ts';

type Item = Record<string, AttributeValue>;

/**
 * Most bytes of the statements in one call. The limit of `BatchWriteItem` is 16 MB; AWS documents none for a batch of
 * statements.
 */
const MAX_BATCH_BYTES = 1_048_576;

/** Most attempts at a statement, as many as the SDK makes at a call. */
const MAX_ATTEMPTS = 3;

/** Upper bound of the wait before the second attempt; it doubles before the third. */
const RETRY_BASE_MILLISECONDS = 100;

/**
 * Error codes that the SDK retries if a whole call fails with them.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementError.html
 */
const TRANSIENT_CODES: ReadonlySet<string | undefined> = new Set<BatchStatementError['Code']>([
  'InternalServerError',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'ThrottlingError',
  'TransactionConflict',
]);

/** A statement that DynamoDB didn't execute. */
export class StatementFailed extends Error {
  override readonly name = 'StatementFailed';
  readonly code: BatchStatementError['Code'];
  /** The item that didn't meet the statement's condition, if the statement requests it. */
  readonly item: Item | undefined;

  constructor({ Code, Message, Item }: BatchStatementError) {
    super(`${Code}: ${Message}`);
    this.code = Code;
    this.item = Item;
  }
}

interface Pending {
  readonly statement: BatchStatementRequest;
  readonly resolve: (response: BatchStatementResponse) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Executes PartiQL statements. The statements of one turn of the event loop share as few calls as possible; each
 * succeeds or fails by itself. A batcher is either for reads or for writes: DynamoDB rejects mixed batches.
 */
export class StatementBatcher {
  readonly #client: DynamoDBClient;
  #open: Batch | undefined;

  constructor(client: DynamoDBClient) {
    this.#client = client;
  }

  /**
   * Executes a statement. Retries it after a transient failure.
   * @param key the partition key of the statement's item: a call must not contain two statements for one item
   * @returns the item that the statement reads, if it exists
   * @throws StatementFailed, or the SDK's error if the whole call fails
   */
  async execute(key: string, statement: BatchStatementRequest): Promise<Item | undefined> {
    for (let attempt = 1; ; attempt++) {
      const { Error: error, Item } = await this.#executeOnce(key, statement);
      if (!error) return Item;
      if (attempt === MAX_ATTEMPTS || !TRANSIENT_CODES.has(error.Code)) throw new StatementFailed(error);
      await sleep(Math.random() * backoffBound(attempt, RETRY_BASE_MILLISECONDS));
    }
  }

  #executeOnce(key: string, statement: BatchStatementRequest): Promise<BatchStatementResponse> {
    const bytes = bytesOf(statement);
    if (!this.#open?.hasRoomFor(key, bytes)) this.#open = this.#newBatch();
    const { promise, resolve, reject } = Promise.withResolvers<BatchStatementResponse>();
    this.#open.add(key, bytes, { statement, resolve, reject });
    return promise;
  }

  #newBatch(): Batch {
    const batch = new Batch();
    setImmediate(() => {
      if (this.#open === batch) this.#open = undefined;
      void this.#send(batch.pending);
    });
    return batch;
  }

  async #send(pending: readonly Pending[]): Promise<void> {
    try {
      const Statements = pending.map(({ statement }) => statement);
      const { Responses = [] } = await this.#client.send(new BatchExecuteStatementCommand({ Statements }));
      for (const [index, { resolve, reject }] of pending.entries()) {
        const response = Responses[index];
        if (response) resolve(response);
        else reject(new Error(`DynamoDB answered ${Responses.length} of ${pending.length} statements`));
      }
    } catch (error) {
      if (pending.length > 1 && isInvalid(error)) {
        // One invalid statement fails the whole call: sent alone, only that one fails.
        for (const one of pending) void this.#send([one]);
      } else {
        for (const { reject } of pending) reject(error);
      }
    }
  }
}

/** The statements of one call. */
class Batch {
  readonly pending: Pending[] = [];
  readonly #keys = new Set<string>();
  #bytes = 0;

  hasRoomFor(key: string, bytes: number): boolean {
    return (
      this.pending.length < DYNAMODB_MAX_BATCH_STATEMENTS &&
      this.#bytes + bytes <= MAX_BATCH_BYTES &&
      !this.#keys.has(key)
    );
  }

  add(key: string, bytes: number, pending: Pending): void {
    this.pending.push(pending);
    this.#keys.add(key);
    this.#bytes += bytes;
  }
}

function isInvalid(error: unknown): boolean {
  return error instanceof Error && error.name === 'ValidationException';
}

function bytesOf({ Statement = '', Parameters = [] }: BatchStatementRequest): number {
  return Parameters.reduce(
    (sum, { S = '', N = '' }) => sum + Buffer.byteLength(S) + N.length,
    Statement.length,
  );
}
