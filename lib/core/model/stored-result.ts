import { DAY_MILLISECONDS } from '../base/time.ts';
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

/** Whether a stored result is still there. Records may be kept longer than results. @param endedAt, now milliseconds since 1970 */
export function isResultKept(endedAt: number, resultAgeDays: number, now: number): boolean {
  return now < endedAt + resultAgeDays * DAY_MILLISECONDS;
}
