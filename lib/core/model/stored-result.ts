import type { ClaimCheck } from './claim-check.ts';

/** A result in a store, with what an outcome says about it. */
export interface StoredResult {
  readonly check: ClaimCheck;
  readonly size: number;
  readonly contentType: string;
  /** Whether its bytes are UTF-8; undefined when that isn't known. Set by the engine, where outcomes are raw. */
  readonly isText?: boolean;
}
