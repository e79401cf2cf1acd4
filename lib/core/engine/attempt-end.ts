import type { Outcome } from '../model/outcome.ts';
import type { DeadLetterState } from '../model/request-record.ts';

/** How a request ended, in this attempt or in an earlier one. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly deadLetter: DeadLetterState;
}
