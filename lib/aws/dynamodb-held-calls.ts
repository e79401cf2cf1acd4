import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { RECORD_KEY, RECORD_TTL } from '../core/config/record-table.ts';
import type { HeldCalls } from '../core/ports/telemetry.ts';

/** Length of a window: the longest time that a call is held. */
const WINDOW_MILLISECONDS = 20_000;

/** Most calls that start in a window. At most twice as many are held at the same time. */
const MAX_CALLS_A_WINDOW = 50;

/** The table's TTL deletes a window's item after this time. */
const KEPT_SECONDS = 3_600;

const CALLS = 'calls';

/**
 * Counts the held calls of all instances in the table of request records, with one item a window. Calls are counted
 * only when they start, so that a killed instance leaves no count behind.
 */
export class DynamoDbHeldCalls implements HeldCalls {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  /** The latest window known to be full. */
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
