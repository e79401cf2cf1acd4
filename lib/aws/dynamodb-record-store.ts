import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { readOutcome, writeOutcome } from '../core/outcome-json.ts';
import type { RecordStore, StoredRecord, WriteResult } from '../core/ports.ts';
import { RECORD_KEY, RECORD_TTL } from '../core/record-table.ts';
import { identityDigest, type RequestIdentity } from '../core/request-id.ts';
import type { RequestRecord } from '../core/request-record.ts';

type Item = Record<string, AttributeValue>;

/** Request records in a DynamoDB table, an item each. */
export class DynamoDbRecordStore implements RecordStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(request: RequestIdentity): Promise<StoredRecord | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: keyOf(request), ConsistentRead: true }),
    );
    return Item && storedOf(Item);
  }

  async write(next: StoredRecord): Promise<WriteResult> {
    const writeId = crypto.randomUUID();
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: { ...itemOf(next), writeId: { S: writeId } },
          ...following(next.revision),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { written: true };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      // The SDK makes a call whose answer was lost again: then what is in the way is this very write.
      if (error.Item?.writeId?.S === writeId) return { written: true };
      return { written: false, stored: error.Item && storedOf(error.Item) };
    }
  }
}

/** The condition that a write follows the latest one. */
function following(revision: number) {
  if (revision === 1) return { ConditionExpression: `attribute_not_exists(${RECORD_KEY})` };
  return {
    ConditionExpression: 'revision = :latest',
    ExpressionAttributeValues: { ':latest': { N: String(revision - 1) } },
  };
}

function keyOf(request: RequestIdentity): Item {
  return { [RECORD_KEY]: { S: `request#${identityDigest('record', request)}` } };
}

function itemOf({ record, revision, keptUntil }: StoredRecord): Item {
  const { outcome, ...rest } = record;
  return {
    ...keyOf(record.request),
    record: { S: JSON.stringify(rest) },
    ...(outcome ? { outcome: { S: writeOutcome(outcome) } } : {}),
    revision: { N: String(revision) },
    [RECORD_TTL]: { N: String(Math.ceil(keptUntil / 1000)) },
  };
}

function storedOf({ record, outcome, revision, [RECORD_TTL]: ttl }: Item): StoredRecord {
  const rest: Omit<RequestRecord, 'outcome'> = JSON.parse(record?.S ?? '');
  return {
    record: outcome?.S === undefined ? rest : { ...rest, outcome: readOutcome(outcome.S) },
    revision: Number(revision?.N),
    keptUntil: Number(ttl?.N) * 1000,
  };
}
