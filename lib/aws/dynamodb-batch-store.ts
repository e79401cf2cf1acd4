import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DYNAMODB_MAX_BATCH_READS } from '../core/config/aws-limits.ts';
import {
  RECORD_BATCH,
  RECORD_BATCH_ITEM,
  RECORD_BATCH_PLACE,
  RECORD_KEY,
  RECORD_LIST,
  RECORD_POSITION,
  RECORD_TTL,
} from '../core/config/record-table.ts';
import { BATCH_MAX_ITEMS, type Batch, sealsItselfAt } from '../core/model/batch.ts';
import { digestOf } from '../core/model/request-id.ts';
import type {
  BatchListing,
  BatchPage,
  BatchStore,
  ItemAddition,
  PreparedItem,
  StoredBatch,
} from '../core/ports/batch-store.ts';
import type { SubmissionQueue } from '../core/ports/message-sink.ts';
import { accountOf, newBatchItem, type OpenPage, openCallName, storedBatchOf } from './batch-item.ts';
import { batchItemKey, batchName, pageItemKey, placeText } from './batch-place.ts';
import { BATCH_ITEMS_MARGIN_MILLISECONDS } from './dynamodb-batch-counter.ts';
import { ConditionalItems } from './dynamodb-conditional-items.ts';
import {
  createdAtOf,
  DynamoDbOpenBatches,
  type OpenBatchesPorts,
  recordKeyIn,
} from './dynamodb-open-batches.ts';
import { newestEntries } from './newest-entries.ts';
import { readItems } from './read-items.ts';
import { type Item, itemOf } from './record-item.ts';
import type { ItemUpdated } from './update-item.ts';

/** The ports of a {@link DynamoDbBatchStore}. */
export interface BatchStorePorts extends OpenBatchesPorts {
  /** The input queue of the requests of a topic. */
  readonly queueFor: (topic: string | undefined) => Pick<SubmissionQueue, 'send'>;
}

/** Most tries to open a page: each fails if other calls took the last room meanwhile, and finds less. */
const MAX_TRIES = 12;

/**
 * Batches in the table of request records. The function of batches counts their requests by the stream of the table, so the
 * counts of a batch are some seconds late.
 */
export class DynamoDbBatchStore extends DynamoDbOpenBatches implements BatchStore {
  readonly #queueFor: BatchStorePorts['queueFor'];
  readonly #records: ConditionalItems;

  constructor(ports: BatchStorePorts) {
    super(ports);
    this.#queueFor = ports.queueFor;
    this.#records = new ConditionalItems(ports.client, ports.table, []);
  }

  async create(batch: Batch): Promise<StoredBatch> {
    const { client, table } = this.ports;
    const item: Item = {
      [RECORD_KEY]: { S: batchItemKey(batch) },
      [RECORD_LIST]: { S: listOf(batch.tenant) },
      [RECORD_POSITION]: { S: positionOf(batch) },
      ...newBatchItem(batch, sealsItselfAt(batch, {})),
    };
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: item,
          // DynamoDB deletes expired items late: an expired item counts as missing.
          ConditionExpression: 'attribute_not_exists(#key) OR #ttl <= :now',
          ExpressionAttributeNames: { '#key': RECORD_KEY, '#ttl': RECORD_TTL },
          ExpressionAttributeValues: { ':now': { N: String(Math.floor(batch.createdAt / 1000)) } },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return storedBatchOf(item);
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException && error.Item) return storedBatchOf(error.Item);
      throw error;
    }
  }

  async cancel(batch: Batch, at: number): Promise<StoredBatch> {
    return this.close(batch, {
      update:
        'SET #sealedAt = if_not_exists(#sealedAt, :at), #cancelledAt = :at, #cancelsAfter = :start, #leasedUntil = :zero',
      condition:
        '#createdAt = :createdAt AND attribute_not_exists(#cancelledAt) AND attribute_not_exists(#endedAt)',
      names: ['sealedAt', 'cancelledAt', 'cancelsAfter', 'leasedUntil', 'createdAt', 'endedAt'],
      values: {
        ':at': { N: String(at) },
        ':start': { S: '' },
        ':zero': { N: '0' },
        ':createdAt': createdAtOf(batch),
      },
    });
  }

  async list({ tenant, after, limit }: BatchListing): Promise<BatchPage> {
    const most = Math.min(limit, DYNAMODB_MAX_BATCH_READS);
    // One more than fits on the page shows whether there is a next page.
    const entries = await newestEntries(this.ports, { list: listOf(tenant), after, count: most + 1 });
    const page = entries.slice(0, most);
    const keys = page.map((entry) => entry[RECORD_KEY]?.S ?? '');
    const items = new Map(
      (await readItems(this.ports, new Set(keys))).map((item) => [item[RECORD_KEY]?.S, item]),
    );
    const batches = keys.flatMap((key) => {
      const item = items.get(key);
      return item ? [storedBatchOf(item)] : [];
    });
    const next = entries.length > most ? page.at(-1)?.[RECORD_POSITION]?.S : undefined;
    return { batches, ...(next !== undefined && { next }) };
  }

  async fingerprints(batch: Batch, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const byRecord = new Map(keys.map((key) => [recordKeyIn(batch, key), key]));
    const all = [...byRecord.keys()];
    const attributes = [RECORD_KEY, RECORD_BATCH, RECORD_BATCH_ITEM];
    const found = new Map<string, string>();
    for (let start = 0; start < all.length; start += DYNAMODB_MAX_BATCH_READS) {
      const part = new Set(all.slice(start, start + DYNAMODB_MAX_BATCH_READS));
      for (const item of await readItems(this.ports, part, attributes)) {
        const key = byRecord.get(item[RECORD_KEY]?.S ?? '');
        const fingerprint = fingerprintIn(item, batch);
        if (key !== undefined && fingerprint !== undefined) found.set(key, fingerprint);
      }
    }
    return found;
  }

  /**
   * Opens a page, sends the messages, then writes the records: a record without a message would wait forever, but a message
   * without a record creates one. If a call dies in between, a request may run that isn't in the batch until it is added again.
   */
  async add(
    batch: Batch,
    items: readonly PreparedItem[],
    at: number,
  ): Promise<readonly ItemAddition[] | undefined> {
    const firsts = new Map<string, PreparedItem>();
    for (const item of items) if (!firsts.has(item.key)) firsts.set(item.key, item);
    const opened = await this.#openPage(batch, firsts.size, at);
    if (!opened) return undefined;
    const fitting = [...firsts.values()].slice(0, opened.size);
    const results = fitting.length === 0 ? [] : await this.#addTo(batch, opened, fitting);
    const additions = new Map(fitting.map(({ key }, index) => [key, results[index]]));
    return items.map((item) => {
      const addition = additions.get(item.key) ?? 'batch_full';
      const first = firsts.get(item.key);
      if (first === item || addition === 'batch_full' || addition === 'other_content') return addition;
      return first?.fingerprint === item.fingerprint ? 'repeated' : 'other_content';
    });
  }

  /**
   * Any number of calls open pages at the same time: the number of a page is assigned by the update.
   * @returns undefined if the batch is sealed; a page of size 0 if it is full
   */
  async #openPage(batch: Batch, count: number, at: number): Promise<OpenPage | undefined> {
    const key = batchItemKey(batch);
    const callId = crypto.randomUUID();
    let item = await this.existing(batch);
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const { pages, reserved } = accountOf(item);
      if (item.sealedAt) return undefined;
      const size = Math.min(count, BATCH_MAX_ITEMS - reserved);
      if (size <= 0) return { page: pages, size: 0, callId };
      const result = await this.update(key, {
        update:
          'SET #open.#call = #pages, #pages = #pages + :one, #reserved = #reserved + :size, #addedAt = :at, #sealsAt = :sealsAt',
        condition:
          '#createdAt = :createdAt AND attribute_not_exists(#sealedAt) AND #reserved <= :most AND attribute_not_exists(#open.#call)',
        names: ['open', 'pages', 'reserved', 'addedAt', 'sealsAt', 'createdAt', 'sealedAt'],
        placeholders: { '#call': openCallName({ callId, size }) },
        values: {
          ':one': { N: '1' },
          ':size': { N: String(size) },
          ':most': { N: String(BATCH_MAX_ITEMS - size) },
          ':at': { N: String(at) },
          ':sealsAt': { N: String(sealsItselfAt(batch, { addedAt: at })) },
          ':createdAt': createdAtOf(batch),
        },
      });
      if (!result.item) break;
      item = result.item;
      // Also if the update failed: the SDK retries a call whose response was lost, and then the page is open.
      const opened = accountOf(item).open.find((page) => page.callId === callId);
      if (opened) return opened;
    }
    throw new Error(`No page could be opened in the batch ${batch.id}`);
  }

  /** @throws the error of an item that can't be sent or recorded, after the others are added */
  async #addTo(batch: Batch, page: OpenPage, items: readonly PreparedItem[]): Promise<ItemAddition[]> {
    const { client, table } = this.ports;
    const name = batchName(batch);
    const keptUntil = Math.max(...items.map(({ record }) => record.keptUntil));
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: {
          [RECORD_KEY]: { S: pageItemKey(name, page.page) },
          keys: { S: JSON.stringify(items.map(({ key }) => key)) },
          [RECORD_TTL]: { N: String(Math.ceil((keptUntil + BATCH_ITEMS_MARGIN_MILLISECONDS) / 1000)) },
        },
      }),
    );
    const sent = await Promise.allSettled(
      items.map(async ({ message, record, place }) => {
        const { topic, tenant } = record.record.request;
        await this.#queueFor(topic).send(message, tenant, place);
      }),
    );
    const recorded = await Promise.allSettled(
      items.map(async (item, index) => {
        if (sent[index]?.status === 'rejected') return undefined;
        return this.#record(batch, item, placeText({ page: page.page, index }));
      }),
    );
    const unknown = recorded.find((result) => result.status === 'rejected');
    // The record may be there: the page stays open until the batch is sealed and its requests are counted again.
    if (unknown) throw unknown.reason;
    const additions = recorded.flatMap((result) =>
      result.status === 'fulfilled' ? (result.value ?? []) : [],
    );
    await this.closePage(batch, page, additions.filter((addition) => addition === 'added').length);
    const unsent = sent.find((result) => result.status === 'rejected');
    if (unsent) throw unsent.reason;
    return additions;
  }

  async #record(batch: Batch, { record, fingerprint }: PreparedItem, place: string): Promise<ItemAddition> {
    const item: Item = {
      ...itemOf(record),
      [RECORD_BATCH]: { S: batchName(batch) },
      [RECORD_BATCH_PLACE]: { S: place },
      [RECORD_BATCH_ITEM]: { S: fingerprint },
    };
    const written = await this.#records.write(item);
    if (written.written) return 'added';
    const known = written.item && fingerprintIn(written.item, batch);
    if (known !== undefined) return known === fingerprint ? 'repeated' : 'other_content';
    // Its message came before its record.
    const attached = await this.#attach(item[RECORD_KEY]?.S ?? '', batch, { place, fingerprint });
    if (attached.updated || attached.item?.[RECORD_BATCH_PLACE]?.S === place) return 'added';
    const other = attached.item && fingerprintIn(attached.item, batch);
    if (other === undefined) throw new Error(`The record of the request ${record.record.request.id} is gone`);
    return other === fingerprint ? 'repeated' : 'other_content';
  }

  /**
   * Notes on the record of a request that it is in a batch.
   * @returns whether it does so now; otherwise what the record says
   */
  async #attach(
    recordKey: string,
    batch: Batch,
    { place, fingerprint }: { readonly place: string; readonly fingerprint: string },
  ): Promise<ItemUpdated> {
    const name = batchName(batch);
    return this.update(recordKey, {
      update: 'SET #batch = :batch, #place = :place, #fingerprint = :fingerprint',
      condition: 'attribute_exists(#key) AND (attribute_not_exists(#batch) OR #batch <> :batch)',
      names: [],
      placeholders: {
        '#key': RECORD_KEY,
        '#batch': RECORD_BATCH,
        '#place': RECORD_BATCH_PLACE,
        '#fingerprint': RECORD_BATCH_ITEM,
      },
      values: { ':batch': { S: name }, ':place': { S: place }, ':fingerprint': { S: fingerprint } },
    });
  }
}

/** The fingerprint of an item of the batch; undefined if the record is in no batch, or in another one. */
function fingerprintIn(item: Item, batch: Batch): string | undefined {
  return item[RECORD_BATCH]?.S === batchName(batch) ? item[RECORD_BATCH_ITEM]?.S : undefined;
}

/** The list of a tenant's batches in the index. */
function listOf(tenant: string | undefined): string {
  return `batches#${tenant === undefined ? digestOf('list') : digestOf('list', tenant)}`;
}

/** Sorts by the time of creation. Ids without an idempotency key do so, too. */
function positionOf({ createdAt, id }: Batch): string {
  return `${createdAt}#${id}`;
}
