/** The keys of an outbox table of DynamoDB that has no other items: columns of its rows. */
export const OUTBOX_KEYS = { partitionKey: 'aggregateid', sortKey: 'id' } as const;

/** What the partition keys of rows begin with in a table that has other items, by default. */
export const DEFAULT_OUTBOX_KEY_PREFIX = 'outbox#';

/** Columns that the relay reads: no keys of a table with other items may have their names. */
export const OUTBOX_COLUMNS: readonly string[] = [
  'aggregatetype',
  'aggregateid',
  'type',
  'payload',
  'tracingspancontext',
];
