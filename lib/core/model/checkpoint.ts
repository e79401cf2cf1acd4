import type { StoredResult } from './stored-result.ts';

/** A state that a handler saved, from which the next attempt continues. */
export interface Checkpoint {
  /** Checkpoints that the handler saved, this one included. */
  readonly number: number;
  /** The state: JSON in the record, or in the store if it is too large for that. */
  readonly state: { readonly json: string } | StoredResult;
}
