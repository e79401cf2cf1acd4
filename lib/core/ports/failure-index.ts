import type { RequestRecord } from '../model/request-record.ts';
import type { RecordPage } from './record-store.ts';

/** Whose requests: everybody's, or those of one tenant, which may be those without one. */
export type TenantScope = 'all' | { readonly tenant: string | undefined };

/** The failures of a group, in figures. */
export interface FailureCount {
  /** The id of the group. */
  readonly id: string;
  /** Exact up to {@link EXACT_FAILURES}; above that, a minimum. */
  readonly count: number;
  /** The positions of the first and the latest failure, see `failurePositionOf`. */
  readonly first: string;
  readonly latest: string;
  /** Up to {@link MAX_GROUP_TENANTS} of the tenants whose requests failed. */
  readonly tenants: readonly string[];
}

/** Up to this many failures, the count of a group is exact. */
export const EXACT_FAILURES = 100_000;

/** Most tenants that are listed for a group. */
export const MAX_GROUP_TENANTS = 10;

/** Which failures of a group to list. */
export interface FailureListing {
  readonly id: string;
  readonly scope: TenantScope;
  /** List failures before this position. @default - begins with the latest */
  readonly after?: string;
  /** Most records to return, from 1. */
  readonly limit: number;
}

/** What an operator has noted about a group. */
export interface FailureNote {
  readonly text: string;
  /** Who noted it, if the API knows its callers. */
  readonly by?: string;
  /** In milliseconds since 1970. */
  readonly at: number;
}

/**
 * Finds failed requests by their groups. A request leaves its group when it is redriven, or its record is deleted. Recent
 * failures may be missing.
 */
export interface FailureIndex {
  /** Counts the failures of every group that has some. @param id counts those of one group. @default - of all */
  count(scope: TenantScope, id?: string): Promise<readonly FailureCount[]>;
  /** The records of the latest failures of some groups, by their ids. It leaves out those that are gone. */
  latest(counts: readonly FailureCount[]): Promise<ReadonlyMap<string, RequestRecord>>;
  /** Lists the requests of a group, that which failed last first. */
  list(listing: FailureListing): Promise<RecordPage>;
  /** The notes about some groups, by their ids. */
  notes(ids: readonly string[]): Promise<ReadonlyMap<string, FailureNote>>;
  /** Sets the note of a group. It replaces an earlier note. */
  note(id: string, note: FailureNote): Promise<void>;
}
