import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { RECORD_KEY } from '../core/config/record-table.ts';
import type { StoredEndpoints, WebhookEndpointStore } from '../core/ports/webhooks.ts';
import { DynamoDbWebhookEndpointReader, endpointsKey } from './dynamodb-webhook-endpoint-reader.ts';

/** Webhook endpoints in the table of request records, one item for each tenant. */
export class DynamoDbWebhookEndpoints implements WebhookEndpointStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #reader: DynamoDbWebhookEndpointReader;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
    this.#reader = new DynamoDbWebhookEndpointReader(client, table);
  }

  read(tenant: string | undefined): Promise<StoredEndpoints> {
    return this.#reader.read(tenant);
  }

  async write(tenant: string | undefined, { endpoints, revision }: StoredEndpoints): Promise<boolean> {
    const writeId = crypto.randomUUID();
    const item = {
      ...endpointsKey(tenant),
      endpoints: { S: JSON.stringify(endpoints) },
      revision: { N: String(revision) },
      writeId: { S: writeId },
    };
    try {
      await this.#client.send(
        new PutItemCommand({ TableName: this.#table, Item: item, ...follows(revision - 1) }),
      );
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      // The SDK retries a call whose response was lost: then the existing item is from this write.
      return error.Item?.writeId?.S === writeId;
    }
  }
}

/** The condition that an item has a revision, or that there is none yet. */
function follows(revision: number) {
  const returned = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
  if (revision === 0) return { ConditionExpression: `attribute_not_exists(${RECORD_KEY})`, ...returned };
  return {
    ConditionExpression: 'revision = :revision',
    ExpressionAttributeValues: { ':revision': { N: String(revision) } },
    ...returned,
  };
}
