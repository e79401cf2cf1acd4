import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ENDPOINTS_KEY_PREFIX, RECORD_KEY } from '../core/config/record-table.ts';
import { digestOf } from '../core/model/request-id.ts';
import type { StoredEndpoints, WebhookEndpointReader } from '../core/ports/webhooks.ts';
import type { Item } from './record-item.ts';

/** Reads webhook endpoints from the table of request records, one item for each tenant. */
export class DynamoDbWebhookEndpointReader implements WebhookEndpointReader {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(tenant: string | undefined): Promise<StoredEndpoints> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: endpointsKey(tenant), ConsistentRead: true }),
    );
    if (!Item) return { endpoints: [], revision: 0 };
    return { endpoints: JSON.parse(Item.endpoints?.S ?? '[]'), revision: Number(Item.revision?.N) };
  }
}

/** The key of the item with a tenant's endpoints. */
export function endpointsKey(tenant: string | undefined): Item {
  const digest = tenant === undefined ? digestOf('endpoints') : digestOf('endpoints', tenant);
  return { [RECORD_KEY]: { S: `${ENDPOINTS_KEY_PREFIX}${digest}` } };
}
