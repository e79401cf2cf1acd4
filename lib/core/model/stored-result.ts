import type { ClaimCheck } from './claim-check.ts';
import type { ResultSource } from './result-source.ts';

/** A result in a store, as an outcome refers to it. */
export interface StoredResult extends ResultSource {
  readonly check: ClaimCheck;
  readonly size: number;
  readonly contentType: string;
  /** Whether its bytes are UTF-8; undefined if unknown. The engine sets it for raw outcomes. */
  readonly isText?: boolean;
}
