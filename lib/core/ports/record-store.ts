import type { RequestIdentity } from '../model/request-id.ts';
import type { RequestRecord } from '../model/request-record.ts';

/** A record as a store keeps it. */
export interface StoredRecord {
  readonly record: RequestRecord;
  /** Which write of the record it is, from 1. */
  readonly revision: number;
  /** When the store may drop it, in milliseconds since 1970, to the second. It may do so much later. */
  readonly keptUntil: number;
}

/** What became of a write. */
export type WriteResult =
  | { readonly written: true }
  /** Another write came first: what is stored, or nothing any more. */
  | { readonly written: false; readonly stored: StoredRecord | undefined };

/**
 * Keeps request records, of a result that is stored as well the reference only. Leaves out every rule about them but
 * one: a write that doesn't follow the latest write is refused.
 */
export interface RecordStore {
  /** What is stored now, even past the time it is kept. */
  read(request: RequestIdentity): Promise<StoredRecord | undefined>;
  /** Writes if the stored revision is one less; the first if nothing is stored. */
  write(next: StoredRecord): Promise<WriteResult>;
}

/** Which records to list. */
export interface RecordListing {
  /** The tenant of the records. @default - records without a tenant */
  readonly tenant?: string;
  /** Begin after the record that stands here, as `positionOf` says; with the newest when absent. */
  readonly after?: string;
  /** Most records to return, from 1. */
  readonly limit: number;
}

/** Records that follow each other in a list. */
export interface RecordPage {
  /** It may have fewer than the limit, even none, and not be the last. */
  readonly records: readonly RequestRecord[];
  /** Where the next page begins after; absent when there are no more. */
  readonly next?: string;
}

/**
 * Finds records without their ids, a tenant's newest first by when they were created. What was just written may be
 * missing, or be as it was before. Leaves out filters, and records that are past the time they are kept.
 */
export interface RecordIndex {
  list(listing: RecordListing): Promise<RecordPage>;
}
