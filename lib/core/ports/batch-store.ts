import type { Batch, BatchState } from '../model/batch.ts';
import type { BatchImport } from '../model/batch-import.ts';
import type { RequestRecord } from '../model/request-record.ts';
import type { StoredResult } from '../model/stored-result.ts';
import type { SubmissionPlace } from './message-sink.ts';
import type { StoredRecord } from './record-store.ts';

/** Names a batch. */
export interface BatchKey {
  readonly id: string;
  readonly tenant?: string;
}

/** A batch as a store keeps it. */
export interface StoredBatch {
  readonly batch: Batch;
  readonly state: BatchState;
  /** When the store may delete it with its items, in milliseconds since 1970. @default - not yet: its end isn't reported */
  readonly keptUntil?: number;
  /** The file with a line for each item. @default - it isn't written yet, or the host writes none */
  readonly manifest?: StoredResult;
  /** The latest import of items. @default - none */
  readonly import?: BatchImport;
}

/** An item to add, with the message and the first record of its request. */
export interface PreparedItem {
  readonly key: string;
  /** Of all that the item says. Another item of the key has another one. */
  readonly fingerprint: string;
  readonly message: string;
  readonly record: StoredRecord;
  readonly place: SubmissionPlace;
}

/** What became of an item: it is new, it was there, or its key belongs to another one. */
export type ItemAddition = 'added' | 'repeated' | 'other_content' | 'batch_full';

/** An item and the record of its request. */
export interface StoredItem {
  readonly key: string;
  readonly record: RequestRecord;
}

/** Items in the order in which they were added. */
export interface ItemPage {
  readonly items: readonly StoredItem[];
  /** The position of the last item; absent on the last page. */
  readonly next?: string;
}

/** Which batches to list. */
export interface BatchListing {
  /** @default - batches without a tenant */
  readonly tenant?: string;
  /** `next` of the page before. @default - begins with the newest */
  readonly after?: string;
  readonly limit: number;
}

/** Batches, newest first, those after their `keptUntil` too. */
export interface BatchPage {
  readonly batches: readonly StoredBatch[];
  readonly next?: string;
}

/** A batch that waits for something that no client does. */
export interface DueBatch extends StoredBatch {
  /** The items up to this position are cancelled; absent if none is. */
  readonly cancelledUpTo?: string;
  /** Whether items remain to be cancelled. */
  readonly cancels: boolean;
  /** Whether its import runs. @default false */
  readonly imports?: boolean;
  /** The parts of its manifest that are written. @default - none */
  readonly manifestProgress?: ManifestProgress;
}

/** The parts of a manifest that are written. */
export interface ManifestProgress {
  /** What the store of files calls the upload. */
  readonly uploadName: string;
  /** The tags of the parts, in their order. */
  readonly etags: readonly string[];
  /** The size of all parts. */
  readonly bytes: number;
  /** The position of the last item in them. */
  readonly upTo: string;
}

/**
 * Stores batches and which requests are their items. The state of a batch follows from the records of its items, whichever process
 * writes them: the store counts each of them once, and notes the end of a batch after that of its last item.
 */
export interface BatchStore {
  /** Creates a batch. @returns the one that has its id already, if one has */
  create(batch: Batch): Promise<StoredBatch>;
  /** Finds a batch of the tenant, even after its `keptUntil`. */
  find(tenant: string | undefined, id: string): Promise<StoredBatch | undefined>;
  list(listing: BatchListing): Promise<BatchPage>;
  /** The fingerprints of those keys that are items of a batch. */
  fingerprints(batch: Batch, keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Adds items: each with its message and its record, or not at all.
   * @param at milliseconds since 1970
   * @returns what became of each, in their order; undefined if the batch is sealed
   */
  add(batch: Batch, items: readonly PreparedItem[], at: number): Promise<readonly ItemAddition[] | undefined>;
  /**
   * Takes no more items. A batch whose items have all ended, ends. While an import runs, this notes that the batch is to be sealed when
   * it has ended.
   * @param at milliseconds since 1970
   */
  seal(batch: Batch, at: number): Promise<StoredBatch>;
  /** Notes that a batch is cancelled, and seals it. A batch that has ended stays as it is. @param at milliseconds since 1970 */
  cancel(batch: Batch, at: number): Promise<StoredBatch>;
  /** The items after a position. @param after `next` of the page before */
  items(batch: Batch, after: string | undefined, limit: number): Promise<ItemPage>;
  /** Ends the lease. @param cancelledUpTo the position of the last item that is cancelled; undefined if all are */
  noteCancelled(batch: Batch, cancelledUpTo: string | undefined): Promise<void>;
  /** Notes that the end of a batch is reported. @param keptUntil when the store may delete it, in milliseconds since 1970 */
  noteReported(batch: Batch, keptUntil: number): Promise<void>;
}

/** Finds what batches wait for, for a host that has no timers. */
export interface DueBatches {
  /**
   * Leases the batches that are due, so that no other process does what they wait for: open ones to be sealed, cancelled ones with
   * items to be cancelled, and ended ones whose end isn't reported.
   * @param now, leasedUntil milliseconds since 1970
   */
  takeDue(now: number, leasedUntil: number): Promise<readonly DueBatch[]>;
}

/** Stores how far the manifests of ended batches are. */
export interface ManifestStore extends Pick<BatchStore, 'items'> {
  /**
   * Notes the parts that are written, and ends the lease. Does nothing if another process has noted others since the batch was leased.
   * @param progress undefined to begin again
   */
  noteManifestProgress(due: DueBatch, progress: ManifestProgress | undefined): Promise<void>;
  /** Notes that the manifest is written. */
  noteManifest(batch: Batch, manifest: StoredResult): Promise<void>;
}

/** Stores how far imports of items are. A batch has one import at a time. */
export interface ImportStore {
  /**
   * Begins an import, unless the batch is sealed or another import runs.
   * @returns the batch as it is then
   */
  beginImport(batch: Batch, begun: BatchImport): Promise<StoredBatch>;
  /**
   * Notes how far the import of a leased batch is, and ends the lease. Does nothing if another process has noted something else since, or
   * if the batch is sealed. An import that fails leaves the batch open, even if a client has asked to seal it.
   */
  noteImport(due: DueBatch, after: BatchImport): Promise<void>;
}
