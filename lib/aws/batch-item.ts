import { RECORD_TTL } from '../core/config/record-table.ts';
import { type Batch, type BatchCounts, batchSizeOf, COUNTED_STATUSES } from '../core/model/batch.ts';
import type { DueBatch, StoredBatch } from '../core/ports/batch-store.ts';
import type { Item } from './record-item.ts';

/** A page whose requests are being added. */
export interface OpenPage {
  readonly page: number;
  /** The requests that it has room for. */
  readonly size: number;
  /** Which call adds them. */
  readonly callId: string;
}

/** The accounting data in the item of a batch. */
export interface BatchAccount {
  /** The number of the next page. */
  readonly pages: number;
  /** The requests that are added, and those that open pages have room for. */
  readonly reserved: number;
  readonly open: readonly OpenPage[];
  /** When a change was counted last, in milliseconds since 1970; undefined if none was. */
  readonly changedAt: number | undefined;
  /** When the records were read to count what the stream didn't bring, in milliseconds since 1970. */
  readonly recountedAt: number | undefined;
}

/** The attributes of a new batch. */
export function newBatchItem(batch: Batch, sealsAt: number): Item {
  const zero = { N: '0' };
  return {
    definition: { S: JSON.stringify(batch) },
    createdAt: { N: String(batch.createdAt) },
    sealsAt: { N: String(sealsAt) },
    pages: zero,
    reserved: zero,
    added: zero,
    counted: zero,
    leasedUntil: zero,
    open: { M: {} },
    ...Object.fromEntries(COUNTED_STATUSES.map((status) => [status, zero])),
  };
}

/** The batch of an item, and how far it is. Requests whose records the stream hasn't brought yet count as queued. */
export function storedBatchOf(item: Item): StoredBatch {
  const counts = countsOf(item);
  const uncounted = Math.max(0, (numberOf(item, 'added') ?? 0) - batchSizeOf(counts));
  const ttl = numberOf(item, RECORD_TTL);
  const imported = item.import?.S ?? item.imported?.S;
  return {
    batch: JSON.parse(item.definition?.S ?? ''),
    state: {
      counts: { ...counts, queued: counts.queued + uncounted },
      addedAt: numberOf(item, 'addedAt'),
      sealRequestedAt: numberOf(item, 'sealRequestedAt'),
      sealedAt: numberOf(item, 'sealedAt'),
      cancelledAt: numberOf(item, 'cancelledAt'),
      startedAt: numberOf(item, 'startedAt'),
      endedAt: numberOf(item, 'endedAt'),
      expiredAtEnd: numberOf(item, 'expiredAtEnd'),
    },
    keptUntil: ttl === undefined ? undefined : ttl * 1000,
    ...(item.manifest?.S !== undefined && { manifest: JSON.parse(item.manifest.S) }),
    ...(imported !== undefined && { import: JSON.parse(imported) }),
  };
}

/** The name of a call in the map of open pages, whose values are their numbers. */
export function openCallName({ callId, size }: Omit<OpenPage, 'page'>): string {
  return `${callId}#${size}`;
}

/** The account of an item. */
export function accountOf(item: Item): BatchAccount {
  const open = Object.entries(item.open?.M ?? {}).map(([name, { N }]) => {
    const [callId = '', size] = name.split('#');
    return { page: Number(N), size: Number(size), callId };
  });
  return {
    pages: numberOf(item, 'pages') ?? 0,
    reserved: numberOf(item, 'reserved') ?? 0,
    open,
    changedAt: numberOf(item, 'changedAt'),
    recountedAt: numberOf(item, 'recountedAt'),
  };
}

/** What a batch waits for; undefined if it waits for nothing but its requests. @param now milliseconds since 1970 */
export function dueBatchOf(item: Item, now: number): DueBatch | undefined {
  const stored = storedBatchOf(item);
  const { endedAt, sealedAt, sealRequestedAt } = stored.state;
  if (stored.keptUntil !== undefined) return undefined;
  const after = item.cancelsAfter?.S;
  const cancels = after !== undefined && endedAt === undefined;
  // A call that is adding requests may add some behind the ones that are cancelled.
  if (cancels && accountOf(item).open.length > 0) return undefined;
  const imports = sealedAt === undefined && item.import !== undefined;
  const sealsAt = Math.min(numberOf(item, 'sealsAt') ?? 0, sealRequestedAt ?? Number.POSITIVE_INFINITY);
  const sealsItself = sealedAt === undefined && sealsAt <= now;
  if (!cancels && endedAt === undefined && !imports && !sealsItself) return undefined;
  const progress = item.manifestProgress?.S;
  return {
    ...stored,
    cancels,
    imports,
    ...(cancels && after !== '' && { cancelledUpTo: after }),
    ...(progress !== undefined && { manifestProgress: JSON.parse(progress) }),
  };
}

function countsOf(item: Item): BatchCounts {
  const count = (name: keyof BatchCounts) => numberOf(item, name) ?? 0;
  return {
    queued: count('queued'),
    running: count('running'),
    succeeded: count('succeeded'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    expired: count('expired'),
  };
}

/** A number of an item; undefined if it has none. */
export function numberOf(item: Item, name: string): number | undefined {
  const value = item[name]?.N;
  return value === undefined ? undefined : Number(value);
}
