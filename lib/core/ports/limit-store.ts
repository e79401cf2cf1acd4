import type { LimitState } from '../model/limit-state.ts';

/** A state as a store keeps it. */
export interface StoredLimit {
  readonly state: LimitState;
  /** The number of this write of the state, from 1. */
  readonly revision: number;
  /** When the store may delete it, in milliseconds since 1970; undefined for never. */
  readonly keptUntil?: number;
}

/** The result of a write. */
export type LimitWriteResult =
  | { readonly written: true }
  /** Another write came first. `stored` is what is there; undefined if nothing is any more. */
  | { readonly written: false; readonly stored: StoredLimit | undefined };

/**
 * Stores the states of limits by the names of their keys' values. Like a `RecordStore`, it enforces one rule: it rejects a
 * write that doesn't follow the latest write.
 */
export interface LimitStore {
  read(name: string): Promise<StoredLimit | undefined>;
  /** Writes if the stored revision is one less, or if nothing is stored and the revision is 1. */
  write(name: string, next: StoredLimit): Promise<LimitWriteResult>;
}
