import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { RECORD_INDEX, RECORD_LIST, RECORD_POSITION } from '../core/config/record-table.ts';
import type { Item } from './record-item.ts';

/** Which entries to read. */
export interface EntryQuery {
  readonly list: string;
  /** Only entries behind this position. @default - begins with the newest */
  readonly after?: string | undefined;
  readonly count: number;
}

/** Sorts after every position. */
const BEFORE_THE_NEWEST = '~';

/**
 * Reads the newest entries of a list in the index of the table of request records, which lags behind the table by some
 * milliseconds.
 * @returns at least `count` of them, unless the list ends before
 */
export async function newestEntries(
  { client, table }: { readonly client: DynamoDBClient; readonly table: string },
  { list, after = BEFORE_THE_NEWEST, count }: EntryQuery,
): Promise<Item[]> {
  const pages = paginateQuery(
    { client },
    {
      TableName: table,
      IndexName: RECORD_INDEX,
      KeyConditionExpression: '#list = :list AND #position < :after',
      ExpressionAttributeNames: { '#list': RECORD_LIST, '#position': RECORD_POSITION },
      ExpressionAttributeValues: { ':list': { S: list }, ':after': { S: after } },
      ScanIndexForward: false,
      Limit: count,
    },
  );
  const entries: Item[] = [];
  for await (const { Items = [] } of pages) {
    entries.push(...Items);
    if (entries.length >= count) break;
  }
  return entries;
}
