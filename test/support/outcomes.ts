import type { Ending, Outcome } from '../../lib/core/model/outcome.ts';
import type { StoredResult } from '../../lib/core/model/stored-result.ts';

export const ENDED_AT = Date.UTC(2026, 0, 31, 12, 0, 0, 5);

/** An outcome of request `r-1`. */
export function outcomeOf(ending: Ending, given: Partial<Omit<Outcome, 'status'>> = {}): Outcome {
  return { ...ending, request: { id: 'r-1', source: '' }, endedAt: ENDED_AT, ...given };
}

/** A success with these bytes. */
export function inlineOutcome(
  content: string | Uint8Array,
  contentType = 'application/json',
  given: Partial<Omit<Outcome, 'status'>> = {},
): Outcome {
  return outcomeOf({ status: 'succeeded', result: { bytes: Buffer.from(content), contentType } }, given);
}

export const STORED: StoredResult = {
  check: { bucket: 'payloads', key: 'results/r-1/ü', versionId: 'v1' },
  size: 300_000,
  contentType: 'text/csv',
};
