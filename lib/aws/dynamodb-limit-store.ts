import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LIMITS_KEY_PREFIX, RECORD_KEY, RECORD_TTL } from '../core/config/record-table.ts';
import { digestOf } from '../core/model/request-id.ts';
import type { LimitStore, LimitWriteResult, StoredLimit } from '../core/ports/limit-store.ts';
import { ConditionalItems } from './dynamodb-conditional-items.ts';
import type { Item } from './record-item.ts';

/** The states of limits in the table of request records. Those of several keys share calls. */
export class DynamoDbLimitStore implements LimitStore {
  readonly #items: ConditionalItems;
  readonly #service: string;

  /** @param service tells the processors of a table apart; empty for one that has it for itself */
  constructor(client: DynamoDBClient, table: string, service = '') {
    this.#items = new ConditionalItems(client, table, [RECORD_TTL]);
    this.#service = service;
  }

  async read(name: string): Promise<StoredLimit | undefined> {
    const item = await this.#items.read(this.#keyOf(name));
    return item && storedOf(item);
  }

  async write(name: string, { state, revision, keptUntil }: StoredLimit): Promise<LimitWriteResult> {
    const result = await this.#items.write({
      [RECORD_KEY]: { S: this.#keyOf(name) },
      name: { S: name },
      state: { S: JSON.stringify(state) },
      revision: { N: String(revision) },
      ...(keptUntil !== undefined && { [RECORD_TTL]: { N: String(Math.ceil(keptUntil / 1_000)) } }),
    });
    return result.written ? result : { written: false, stored: result.item && storedOf(result.item) };
  }

  #keyOf(name: string): string {
    return `${LIMITS_KEY_PREFIX}${digestOf('limit', this.#service, name)}`;
  }
}

function storedOf(item: Item): StoredLimit {
  const { state, revision, [RECORD_TTL]: ttl } = item;
  return {
    state: JSON.parse(state?.S ?? ''),
    revision: Number(revision?.N),
    ...(ttl?.N !== undefined && { keptUntil: Number(ttl.N) * 1_000 }),
  };
}
