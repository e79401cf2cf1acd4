import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { LEDGER_KEY, RECORD_KEY, RECORD_TTL } from '../core/config/record-table.ts';
import { NUMBER_SETTINGS } from '../core/config/settings.ts';
import type { Ledger, LedgerKeeper, LedgerReader } from '../core/ports/ledger.ts';

/** Two audits at the longest interval. When audits are turned off, the last ledger doesn't stay. */
const KEPT_SECONDS = 2 * NUMBER_SETTINGS.auditIntervalSeconds.max;

/** When the audit began, in milliseconds since 1970. */
const AT = 'at';

/** The ledger that the latest audit read, without `at`, as JSON. */
const LEDGER = 'ledger';

/** The ledger that the latest audit read, in one item of the table of request records. */
export class DynamoDbLedger implements LedgerReader, LedgerKeeper {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** Half a read unit. */
  async read(): Promise<Ledger | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: { [RECORD_KEY]: { S: LEDGER_KEY } } }),
    );
    return Item && { ...JSON.parse(Item[LEDGER]?.S ?? ''), at: Number(Item[AT]?.N) };
  }

  /** A write unit. The ledger of an audit that began later stays: two audits may run at the same time. */
  async keep({ at, ...ledger }: Ledger): Promise<void> {
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: {
            [RECORD_KEY]: { S: LEDGER_KEY },
            [RECORD_TTL]: { N: String(Math.ceil(at / 1_000) + KEPT_SECONDS) },
            [AT]: { N: String(at) },
            [LEDGER]: { S: JSON.stringify(ledger) },
          },
          ConditionExpression: 'attribute_not_exists(#at) OR #at < :at',
          ExpressionAttributeNames: { '#at': AT },
          ExpressionAttributeValues: { ':at': { N: String(at) } },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}
