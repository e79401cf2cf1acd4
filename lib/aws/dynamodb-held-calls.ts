import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { RECORD_KEY, RECORD_TTL } from '../core/config/record-table.ts';
import type { HeldCalls } from '../core/ports/telemetry.ts';

/** Calls are counted by windows as long as a call is held at most. */
const WINDOW_MILLISECONDS = 20_000;

/** Calls that begin to be held in a window: at most twice as many are held at a time. */
const MAX_CALLS_A_WINDOW = 50;

/** No call counts in a window after that; the table may drop it. */
const KEPT_SECONDS = 3_600;

const CALLS = 'calls';

/**
 * Held calls of all instances, counted in an item a window of the table of request records. They are counted when they
 * begin only, so that an instance that is killed leaves nothing behind.
 */
export class DynamoDbHeldCalls implements HeldCalls {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  /** The latest window that is known to be full. */
  #full = 0;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async mayHold(now: number): Promise<boolean> {
    const window = Math.floor(now / WINDOW_MILLISECONDS);
    if (window === this.#full) return false;
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: { [RECORD_KEY]: { S: `held#${window}` } },
          UpdateExpression: 'SET #ttl = :ttl ADD #calls :one',
          ConditionExpression: 'attribute_not_exists(#calls) OR #calls < :most',
          ExpressionAttributeNames: { '#ttl': RECORD_TTL, '#calls': CALLS },
          ExpressionAttributeValues: {
            ':ttl': { N: String(Math.floor(now / 1_000) + KEPT_SECONDS) },
            ':one': { N: '1' },
            ':most': { N: String(MAX_CALLS_A_WINDOW) },
          },
        }),
      );
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      this.#full = window;
      return false;
    }
  }
}
