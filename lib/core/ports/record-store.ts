import type { RequestIdentity } from '../model/request-id.ts';
import type { RequestRecord } from '../model/request-record.ts';
import type { HandlerWrites, WriteKind } from './handler-writes.ts';

/** A record as a store keeps it. */
export interface StoredRecord {
  readonly record: RequestRecord;
  /** The number of this write of the record, from 1. */
  readonly revision: number;
  /** When the store may delete it, in milliseconds since 1970, to the second. It may do so much later. */
  readonly keptUntil: number;
}

/** The result of a write. */
export type WriteResult =
  | { readonly written: true }
  /** Another write came first. `stored` is the current record; undefined if there is none any more. */
  | { readonly written: false; readonly stored: StoredRecord | undefined };

/**
 * Stores request records. If a result is also in the payload store, the record holds only the reference. The store
 * enforces one rule: it rejects a write that doesn't follow the latest write.
 */
export interface RecordStore {
  /** Reads the current record, even after its `keptUntil`. */
  read(request: RequestIdentity): Promise<StoredRecord | undefined>;
  /** Writes if the stored revision is one less, or if nothing is stored and the revision is 1. */
  write(next: StoredRecord): Promise<WriteResult>;
  /** The kinds of writes that {@link writeWith} makes; absent in a store that can't make any. */
  readonly writeKinds?: readonly WriteKind[];
  /**
   * Writes a record as {@link write} does, and makes writes of its handler in the same transaction: all of it happens, or nothing.
   * @throws WritesFailed if it could have written the record, but not the rest
   */
  writeWith?(next: StoredRecord, writes: HandlerWrites): Promise<WriteResult>;
}

/** Which records to list. */
export interface RecordListing {
  /** The tenant of the records. @default - records without a tenant */
  readonly tenant?: string;
  /** List records after this position, see `positionOf`. @default - begins with the newest */
  readonly after?: string;
  /** Most records to return, from 1. */
  readonly limit: number;
}

/** Consecutive records of a list. */
export interface RecordPage {
  /** May be fewer than the limit, or none, even if the page isn't the last. */
  readonly records: readonly RequestRecord[];
  /** The `after` of the next page; absent on the last page. */
  readonly next?: string;
}

/**
 * Lists a tenant's records, newest first by creation time. A recent write may be missing. Records past their
 * `keptUntil` aren't listed.
 */
export interface RecordIndex {
  list(listing: RecordListing): Promise<RecordPage>;
}
