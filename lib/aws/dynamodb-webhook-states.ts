import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { RECORD_KEY, RECORD_WEBHOOK_AT, RECORD_WEBHOOK_ENDED_AT } from '../core/config/record-table.ts';
import type { RequestIdentity } from '../core/model/request-id.ts';
import type { WebhookState } from '../core/model/webhook-state.ts';
import type { WebhookStates } from '../core/ports/webhooks.ts';
import { keyOf, updateOf, webhookItemOf } from './record-item.ts';

/** The states of webhooks, in the items of a `DynamoDbRecordStore`. The two classes write separate attributes. */
export class DynamoDbWebhookStates implements WebhookStates {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async note(request: RequestIdentity, state: WebhookState): Promise<void> {
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: keyOf(request),
          ...updateOf(webhookItemOf(state)),
          ConditionExpression: `attribute_exists(${RECORD_KEY}) AND (${NOTHING_YET} OR ${EARLIER_END} OR ${EARLIER})`,
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}

const [ENDED_AT, AT] = [RECORD_WEBHOOK_ENDED_AT, RECORD_WEBHOOK_AT];
const NOTHING_YET = `attribute_not_exists(#${ENDED_AT})`;
const EARLIER_END = `#${ENDED_AT} < :${ENDED_AT}`;
const EARLIER = `(#${ENDED_AT} = :${ENDED_AT} AND #${AT} < :${AT})`;
