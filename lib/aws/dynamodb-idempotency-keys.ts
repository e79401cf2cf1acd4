import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { RECORD_KEY, RECORD_TTL } from '../core/config/record-table.ts';
import { digestOf } from '../core/model/request-id.ts';
import type { IdempotencyKeys, KeyUse } from '../core/ports/idempotency-keys.ts';
import type { Item } from './record-item.ts';

/** Idempotency keys in the table of request records, one item each. */
export class DynamoDbIdempotencyKeys implements IdempotencyKeys {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async take(tenant: string | undefined, key: string, use: KeyUse): Promise<KeyUse> {
    const item = itemOf(tenant, key, use);
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: item,
          // DynamoDB deletes expired items late: an expired item counts as missing.
          ConditionExpression: 'attribute_not_exists(#key) OR #ttl <= :now',
          ExpressionAttributeNames: { '#key': RECORD_KEY, '#ttl': RECORD_TTL },
          ExpressionAttributeValues: { ':now': { N: String(Math.floor(use.usedAt / 1000)) } },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return useOf(item);
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException && error.Item)) throw error;
      // The SDK retries a call whose response was lost: then the existing item is from this use.
      return useOf(error.Item);
    }
  }

  async find(tenant: string | undefined, key: string, at: number): Promise<KeyUse | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: keyOf(tenant, key), ConsistentRead: true }),
    );
    const use = Item && useOf(Item);
    return use && use.keptUntil > at ? use : undefined;
  }
}

function keyOf(tenant: string | undefined, key: string): Item {
  const digest = tenant === undefined ? digestOf('key', key) : digestOf('key', key, tenant);
  return { [RECORD_KEY]: { S: `key#${digest}` } };
}

function itemOf(tenant: string | undefined, key: string, use: KeyUse): Item {
  return {
    ...keyOf(tenant, key),
    requestId: { S: use.requestId },
    fingerprint: { S: use.fingerprint },
    usedAt: { N: String(use.usedAt) },
    [RECORD_TTL]: { N: String(Math.ceil(use.keptUntil / 1000)) },
  };
}

function useOf({ requestId, fingerprint, usedAt, [RECORD_TTL]: ttl }: Item): KeyUse {
  return {
    requestId: requestId?.S ?? '',
    fingerprint: fingerprint?.S ?? '',
    usedAt: Number(usedAt?.N),
    keptUntil: Number(ttl?.N) * 1000,
  };
}
