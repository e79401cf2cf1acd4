import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import {
  FAILURE_LIST,
  FAILURE_POSITION,
  FAILURE_TENANT,
  RECORD_KEY,
  RECORD_LIST,
  RECORD_POSITION,
  RECORD_TTL,
  RECORD_WEBHOOK,
  RECORD_WEBHOOK_AT,
  RECORD_WEBHOOK_ENDED_AT,
} from '../core/config/record-table.ts';
import { failurePositionOf } from '../core/model/failure-position.ts';
import { parseOutcome, serializeOutcome } from '../core/model/outcome-json.ts';
import { positionAt } from '../core/model/record-position.ts';
import { digestOf, identityDigest, type RequestIdentity } from '../core/model/request-id.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import { readWebhookState, type WebhookState } from '../core/model/webhook-state.ts';
import type { StoredRecord } from '../core/ports/record-store.ts';

/** An item of a table. */
export type Item = Record<string, AttributeValue>;

/** The key of a request's item. */
export function keyOf(request: RequestIdentity): Item {
  return { [RECORD_KEY]: { S: partitionKeyOf(identityDigest('record', request)) } };
}

/** The beginning of the keys of items with records. */
export const RECORD_KEY_PREFIX = 'request#';

/** The partition key of the item of the request with this digest. */
export function partitionKeyOf(digest: string): string {
  return `${RECORD_KEY_PREFIX}${digest}`;
}

/** Attributes that a record's item may have or not. */
export const OPTIONAL_ATTRIBUTES = ['outcome', FAILURE_LIST, FAILURE_POSITION, FAILURE_TENANT];

/**
 * The item of a record, without the attributes of its webhook. The keys of the list never change, and those of the failures
 * only when a request fails or is redriven: other updates cost no write to an index.
 */
export function itemOf({ record, revision, keptUntil }: StoredRecord): Item {
  const { outcome, webhook: _, ...rest } = record;
  const digest = identityDigest('record', record.request);
  return {
    [RECORD_KEY]: { S: partitionKeyOf(digest) },
    [RECORD_LIST]: { S: listOf(record.request.tenant, digest.slice(0, 1)) },
    [RECORD_POSITION]: { S: positionAt(record.createdAt, digest) },
    record: { S: JSON.stringify(rest) },
    ...(outcome ? { outcome: { S: serializeOutcome(outcome) } } : {}),
    ...(record.failureGroup !== undefined && failureKeysOf(record, digest)),
    revision: { N: String(revision) },
    [RECORD_TTL]: { N: String(Math.ceil(keptUntil / 1000)) },
  };
}

/** The keys of a failed request in the index of failures. */
function failureKeysOf(record: RequestRecord, digest: string): Item {
  const { failureGroup, request } = record;
  return {
    [FAILURE_LIST]: { S: digest.slice(0, 1) },
    [FAILURE_POSITION]: { S: `${failureGroup}#${failurePositionOf(record, digest)}` },
    ...(request.tenant !== undefined && { [FAILURE_TENANT]: { S: request.tenant } }),
  };
}

/** The record of an item. */
export function storedOf(item: Item): StoredRecord {
  const { record, outcome, revision, [RECORD_TTL]: ttl } = item;
  const rest: Omit<RequestRecord, 'outcome' | 'webhook'> = JSON.parse(record?.S ?? '');
  return {
    record: {
      ...rest,
      ...(outcome?.S === undefined ? {} : { outcome: parseOutcome(outcome.S) }),
      ...webhookOf(item),
    },
    revision: Number(revision?.N),
    keptUntil: Number(ttl?.N) * 1000,
  };
}

/** The attributes of a webhook's state. */
export function webhookItemOf({ endedAt, at, ...rest }: WebhookState): Item {
  return {
    [RECORD_WEBHOOK]: { S: JSON.stringify(rest) },
    [RECORD_WEBHOOK_ENDED_AT]: { N: String(endedAt) },
    [RECORD_WEBHOOK_AT]: { N: String(at) },
  };
}

/** The state of the item's webhook. An unreadable state is ignored: it must not block the request. */
function webhookOf(item: Item): { readonly webhook?: WebhookState } {
  const [endedAt, at] = [item[RECORD_WEBHOOK_ENDED_AT]?.N, item[RECORD_WEBHOOK_AT]?.N].map(Number);
  const webhook = readWebhookState(item[RECORD_WEBHOOK]?.S, { endedAt, at });
  return webhook ? { webhook } : {};
}

/** An update that sets and removes attributes, and keeps all others. */
export function updateOf(set: Item, remove: readonly string[] = []) {
  const names = Object.keys(set);
  const setting = names.map((name) => `#${name} = :${name}`).join(', ');
  const removing = remove.length > 0 ? ` REMOVE ${remove.map((name) => `#${name}`).join(', ')}` : '';
  return {
    UpdateExpression: `SET ${setting}${removing}`,
    ExpressionAttributeNames: Object.fromEntries([...names, ...remove].map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(Object.entries(set).map(([name, to]) => [`:${name}`, to])),
  };
}

/**
 * The records of a tenant are spread over this many lists, and the failed ones of all tenants over as many. A partition accepts
 * 1,000 writes a second, and an index that can't keep up throttles the writes to its table.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
export const SHARDS = [...'0123456789abcdef'];

/** The lists with a tenant's records. */
export function listsOf(tenant: string | undefined): readonly string[] {
  return SHARDS.map((shard) => listOf(tenant, shard));
}

function listOf(tenant: string | undefined, shard: string): string {
  return `${tenant === undefined ? NO_TENANT : digestOf('list', tenant)}#${shard}`;
}

const NO_TENANT = digestOf('list');
