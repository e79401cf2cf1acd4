import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { ENDPOINTS_KEY_PREFIX, RECORD_KEY } from '../core/config/record-table.ts';
import { digestOf } from '../core/model/request-id.ts';
import type { StoredEndpoints, WebhookEndpointStore } from '../core/ports/webhooks.ts';
import type { Item } from './record-item.ts';

/** Webhook endpoints in the table of request records, one item for each tenant. */
export class DynamoDbWebhookEndpoints implements WebhookEndpointStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(tenant: string | undefined): Promise<StoredEndpoints> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: keyOf(tenant), ConsistentRead: true }),
    );
    if (!Item) return { endpoints: [], revision: 0 };
    return { endpoints: JSON.parse(Item.endpoints?.S ?? '[]'), revision: Number(Item.revision?.N) };
  }

  async write(tenant: string | undefined, { endpoints, revision }: StoredEndpoints): Promise<boolean> {
    const writeId = crypto.randomUUID();
    const item = {
      ...keyOf(tenant),
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

function keyOf(tenant: string | undefined): Item {
  const digest = tenant === undefined ? digestOf('endpoints') : digestOf('endpoints', tenant);
  return { [RECORD_KEY]: { S: `${ENDPOINTS_KEY_PREFIX}${digest}` } };
}
