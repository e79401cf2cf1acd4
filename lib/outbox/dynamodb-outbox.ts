import { lazyPayloadStore } from '../aws/lazy-payload-store.ts';
import { single } from '../core/base/byte-streams.ts';
import { ConfigurationError } from '../core/base/errors.ts';
import { quote } from '../core/base/quote.ts';
import { DYNAMODB_MAX_ITEM_BYTES } from '../core/config/aws-limits.ts';
import { DEFAULT_OUTBOX_KEY_PREFIX, OUTBOX_COLUMNS, OUTBOX_KEYS } from '../core/config/outbox-table.ts';
import { DEFAULT_PAYLOAD_PREFIX } from '../core/config/settings.ts';
import { ANYTHING, assertOptions, checkOptions, objectOf, TEXT } from '../core/config/shape.ts';
import { RequestRefused } from '../core/intake/errors.ts';
import { SUBMIT_OPTIONS } from '../core/intake/request-reader.ts';
import type { PayloadStore } from '../core/ports/payload-store.ts';
import { type OutboxOptions, type OutboxSubmission, outboxSubmission, rowOf } from './outbox-row.ts';

/** The keys of a table that has other items than outbox rows. */
export interface OutboxKeys {
  /** The name of the partition key, a string. */
  readonly partitionKey: string;
  /** The name of the sort key, a string. @default - the table has none */
  readonly sortKey?: string;
  /** What the partition keys of rows begin with, as the construct `Outbox` has it. @default 'outbox#' */
  readonly prefix?: string;
}

/** Where payloads go that an item has no room for. */
export interface OutboxPayloads {
  /** The payload bucket of the service. */
  readonly bucket: string;
  /** The prefix of payloads, if the service has its own `payloads.prefixes.payloads`. @default 'payloads/' */
  readonly prefix?: string;
}

/** Configures a {@link DynamoDbOutbox}. */
export interface DynamoDbOutboxOptions {
  readonly tableName: string;
  /** @default - those of a table that the construct `Outbox` creates */
  readonly keys?: OutboxKeys;
  /** @default - a request that an item has no room for is refused */
  readonly payloads?: OutboxPayloads;
  /**
   * Larger payloads go to the bucket of `payloads`. From about 3 KB on, that costs less than an item.
   * @default - whatever an item has room for: about 400 KB
   */
  readonly inlineLimitBytes?: number;
}

/** The names have a check of their own. */
const OPTIONS = objectOf<DynamoDbOutboxOptions>({
  tableName: ANYTHING,
  keys: objectOf<OutboxKeys>({ partitionKey: ANYTHING, sortKey: ANYTHING, prefix: ANYTHING }),
  payloads: objectOf<OutboxPayloads>({ bucket: ANYTHING, prefix: TEXT }),
  inlineLimitBytes: ANYTHING,
});

/** An element of `TransactItems` for `TransactWriteItemsCommand` of `@aws-sdk/client-dynamodb`. */
export interface TransactPut {
  readonly Put: {
    readonly TableName: string;
    readonly Item: Record<string, { readonly S: string }>;
    readonly ConditionExpression: string;
    readonly ExpressionAttributeNames: Record<string, string>;
  };
}

/** An element of `TransactItems` for `TransactWriteCommand` of `@aws-sdk/lib-dynamodb`. */
export interface DocumentPut {
  readonly Put: Omit<TransactPut['Put'], 'Item'> & { readonly Item: Record<string, string> };
}

/** A request to add to a transaction. */
export interface DynamoDbOutboxRequest {
  /**
   * The id of the request: its ticket. It is also a `ClientRequestToken` for the transaction: DynamoDB applies transactions with
   * one token once, for 10 minutes.
   */
  readonly id: string;
  /** For `TransactWriteItemsCommand` of `@aws-sdk/client-dynamodb`. */
  readonly transactItem: TransactPut;
  /** For `TransactWriteCommand` of `@aws-sdk/lib-dynamodb`. */
  readonly documentItem: DocumentPut;
}

/**
 * An outbox in DynamoDB. A request that is put into it in a transaction is submitted once the transaction is committed, by the
 * construct `Outbox` of `coatcheck/cdk`.
 */
export class DynamoDbOutbox {
  readonly #options: DynamoDbOutboxOptions;
  readonly #store: PayloadStore | undefined;

  /** @throws ConfigurationError for options that can't be so */
  constructor(options: DynamoDbOutboxOptions) {
    assertOptions('DynamoDbOutbox', options, OPTIONS);
    assertNames(options);
    this.#options = options;
    this.#store = options.payloads && lazyPayloadStore(options.payloads.bucket, 1);
  }

  /**
   * Makes the item of a request, to add to the transaction that it belongs to. Writes to S3 only if the payload is too large for
   * an item: if the transaction is never committed, the lifecycle of the bucket deletes the payload.
   * @param payload text, bytes, or a value for JSON
   * @throws RequestRefused, CallbackRefused, PayloadEmpty for what no service takes, and RequestRefused for what an item has no
   *   room for; TypeError for a payload that JSON doesn't know; StoreUnavailable if S3 doesn't take the payload
   */
  async put(payload: unknown, options: OutboxOptions = {}): Promise<DynamoDbOutboxRequest> {
    const submission = outboxSubmission(payload, checkOptions('put()', options, SUBMIT_OPTIONS));
    const { inlineLimitBytes = Number.POSITIVE_INFINITY } = this.#options;
    if (submission.payload.bytes.byteLength <= inlineLimitBytes) {
      const item = this.#itemOf(submission, options);
      const size = sizeOf(item);
      if (size <= DYNAMODB_MAX_ITEM_BYTES) return this.#requestOf(submission, item);
      if (!this.#store) throw new RequestRefused('payload_too_large', noRoom(size, 'payloads'));
    }
    const item = this.#itemOf(await this.#stored(submission), options);
    const size = sizeOf(item);
    if (size > DYNAMODB_MAX_ITEM_BYTES) {
      throw new RequestRefused('metadata_too_large', noRoom(size, 'metadata'));
    }
    return this.#requestOf(submission, item);
  }

  async #stored(submission: OutboxSubmission) {
    const { payloads: { prefix = DEFAULT_PAYLOAD_PREFIX } = {} } = this.#options;
    if (!this.#store) throw new Error('A DynamoDbOutbox with inlineLimitBytes needs payloads');
    const { id, payload, contentType } = submission;
    const never = new AbortController().signal;
    const { check, size } = await this.#store.save(
      `${prefix}${id}`,
      single(payload.bytes),
      contentType,
      never,
    );
    return { ...submission, payload: { check, size } };
  }

  #itemOf(submission: Parameters<typeof rowOf>[0], options: OutboxOptions): Record<string, string> {
    const { tracingspancontext, ...row } = rowOf(submission, options);
    return {
      ...row,
      ...(tracingspancontext !== null && { tracingspancontext }),
      ...this.#keysOf(row),
    };
  }

  #keysOf({
    id,
    aggregateid,
  }: {
    readonly id: string;
    readonly aggregateid: string;
  }): Record<string, string> {
    const { keys } = this.#options;
    if (!keys) return {};
    const { partitionKey, sortKey, prefix = DEFAULT_OUTBOX_KEY_PREFIX } = keys;
    if (sortKey === undefined) return { [partitionKey]: `${prefix}${id}` };
    return { [partitionKey]: `${prefix}${aggregateid}`, [sortKey]: id };
  }

  #requestOf({ id }: OutboxSubmission, item: Record<string, string>): DynamoDbOutboxRequest {
    const { tableName: TableName, keys = OUTBOX_KEYS } = this.#options;
    const put = {
      TableName,
      ConditionExpression: 'attribute_not_exists(#key)',
      ExpressionAttributeNames: { '#key': keys.partitionKey },
    };
    const texts = Object.entries(item).map(([name, value]) => [name, { S: value }] as const);
    return {
      id,
      transactItem: { Put: { ...put, Item: Object.fromEntries(texts) } },
      documentItem: { Put: { ...put, Item: item } },
    };
  }
}

/**
 * What DynamoDB counts of an item: the names and values of its attributes.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
function sizeOf(item: Readonly<Record<string, string>>): number {
  return Object.entries(item)
    .flat()
    .reduce((bytes, text) => bytes + Buffer.byteLength(text), 0);
}

function noRoom(size: number, what: 'payloads' | 'metadata'): string {
  const problem = `An item of DynamoDB has at most ${DYNAMODB_MAX_ITEM_BYTES} bytes, and that of the request would have ${size}`;
  return what === 'metadata'
    ? `${problem} even without its payload: shorten its metadata`
    : `${problem}: set the option payloads of DynamoDbOutbox, so that large payloads go to S3`;
}

/** @throws ConfigurationError */
function assertNames({ tableName, keys, payloads, inlineLimitBytes }: DynamoDbOutboxOptions): void {
  const names = Object.entries({
    tableName,
    'keys.partitionKey': keys?.partitionKey,
    'keys.sortKey': keys?.sortKey,
    'keys.prefix': keys?.prefix,
    'payloads.bucket': payloads?.bucket,
  });
  const required = [
    'tableName',
    ...(keys ? ['keys.partitionKey'] : []),
    ...(payloads ? ['payloads.bucket'] : []),
  ];
  const problems = names
    // Programs in JavaScript may pass anything, and environment variables may be missing.
    .filter(([name, value]: [string, unknown]) =>
      value === undefined ? required.includes(name) : typeof value !== 'string' || value === '',
    )
    .map(([name, value]) => `${name} must be text that isn't empty, got ${quote(value)}`);
  for (const key of ['partitionKey', 'sortKey'] as const) {
    const name = keys?.[key];
    if (name === undefined || !OUTBOX_COLUMNS.includes(name)) continue;
    problems.push(
      `keys.${key} must not be a column of a row (${OUTBOX_COLUMNS.join(', ')}), got ${quote(name)}`,
    );
  }
  if (inlineLimitBytes !== undefined && !payloads) {
    problems.push('inlineLimitBytes needs payloads, the bucket of larger payloads');
  }
  if (inlineLimitBytes !== undefined && !(Number.isInteger(inlineLimitBytes) && inlineLimitBytes >= 0)) {
    problems.push(`inlineLimitBytes must be a whole number of bytes from 0, got ${quote(inlineLimitBytes)}`);
  }
  if (problems.length === 0) return;
  throw new ConfigurationError(['The options of DynamoDbOutbox are invalid:', ...problems].join('\n  - '));
}
