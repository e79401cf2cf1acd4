import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { RECORD_KEY, RECORD_TTL, SERVICE_PAUSE_KEY } from '../core/config/record-table.ts';
import type { OperatorPause, OperatorPauses } from '../core/ports/pausing.ts';

/** The pause of an operator in the table of request records, where the load log reads it without another call. */
export class DynamoDbOperatorPauses implements OperatorPauses {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(): Promise<OperatorPause | undefined> {
    const { Item } = await this.#client.send(
      // What follows a write must see it.
      new GetItemCommand({ TableName: this.#table, Key: KEY, ConsistentRead: true }),
    );
    return operatorPauseOf(Item);
  }

  async write(pause: OperatorPause | undefined): Promise<OperatorPause | undefined> {
    const { by = '' } = pause ?? {};
    const { Attributes } = await this.#client.send(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: KEY,
        ReturnValues: 'ALL_OLD',
        ExpressionAttributeNames: { '#ttl': RECORD_TTL },
        ...(pause
          ? {
              UpdateExpression:
                'SET operatorUntil = :until, operatorReason = :reason, operatorSince = :since, operatorName = :by REMOVE #ttl',
              ExpressionAttributeValues: {
                ':until': { N: String(pause.until) },
                ':reason': { S: pause.reason },
                ':since': { N: String(pause.since) },
                ':by': { S: by },
              },
            }
          : { UpdateExpression: 'REMOVE operatorUntil, operatorReason, operatorSince, operatorName, #ttl' }),
      }),
    );
    return operatorPauseOf(Attributes);
  }
}

const KEY = { [RECORD_KEY]: { S: SERVICE_PAUSE_KEY } };

/** The pause in its item, if there is one. */
export function operatorPauseOf(
  item: Readonly<Record<string, AttributeValue>> | undefined,
): OperatorPause | undefined {
  if (!item?.operatorUntil) return undefined;
  const by = item.operatorName?.S;
  return {
    until: Number(item.operatorUntil.N),
    reason: item.operatorReason?.S ?? '',
    since: Number(item.operatorSince?.N),
    ...(by && { by }),
  };
}
