import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { readOutcome, writeOutcome } from '../core/outcome-json.ts';
import type { StoredRecord } from '../core/ports.ts';
import { positionOf } from '../core/record-position.ts';
import { RECORD_KEY, RECORD_LIST, RECORD_POSITION, RECORD_TTL } from '../core/record-table.ts';
import { digestOf, identityDigest, type RequestIdentity } from '../core/request-id.ts';
import type { RequestRecord } from '../core/request-record.ts';

/** An item of a table. */
export type Item = Record<string, AttributeValue>;

/** The key of a request's item. */
export function keyOf(request: RequestIdentity): Item {
  return { [RECORD_KEY]: { S: `request#${identityDigest('record', request)}` } };
}

/** A record as an item. What lists it stays the same whatever becomes of it: a change costs no write to the index. */
export function itemOf({ record, revision, keptUntil }: StoredRecord): Item {
  const { outcome, ...rest } = record;
  return {
    ...keyOf(record.request),
    [RECORD_LIST]: { S: listOf(record.request.tenant, shardOf(record.request)) },
    [RECORD_POSITION]: { S: positionOf(record) },
    record: { S: JSON.stringify(rest) },
    ...(outcome ? { outcome: { S: writeOutcome(outcome) } } : {}),
    revision: { N: String(revision) },
    [RECORD_TTL]: { N: String(Math.ceil(keptUntil / 1000)) },
  };
}

/** The record of an item. */
export function storedOf({ record, outcome, revision, [RECORD_TTL]: ttl }: Item): StoredRecord {
  const rest: Omit<RequestRecord, 'outcome'> = JSON.parse(record?.S ?? '');
  return {
    record: outcome?.S === undefined ? rest : { ...rest, outcome: readOutcome(outcome.S) },
    revision: Number(revision?.N),
    keptUntil: Number(ttl?.N) * 1000,
  };
}

/**
 * A tenant's records are dealt out to so many lists: a partition takes 1,000 writes a second, and an index that can't
 * keep up throttles writes to its table.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
const SHARDS = [...'0123456789abcdef'];

/** The lists a tenant's records are in. */
export function listsOf(tenant: string | undefined): readonly string[] {
  return SHARDS.map((shard) => listOf(tenant, shard));
}

function shardOf(request: RequestIdentity): string {
  return identityDigest('record', request).slice(0, 1);
}

function listOf(tenant: string | undefined, shard: string): string {
  return `${tenant === undefined ? digestOf('list') : digestOf('list', tenant)}#${shard}`;
}
