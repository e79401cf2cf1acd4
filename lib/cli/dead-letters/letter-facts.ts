import { ATTRIBUTES } from '../../core/wire/attributes.ts';
import type { LetterRequest } from './dead-letter.ts';

/** Why a request is where it is, in short. */
export interface LetterFacts {
  /**
   * What went wrong: the code, or else the name, of what the last attempt threw, or the problem's code. Of a request
   * that hasn't failed its status; `unknown` where nothing is known of it.
   */
  readonly code: string;
  readonly message: string;
  /** When it ended, in milliseconds since 1970; absent when it hasn't, or nobody knows. */
  readonly endedAt?: number;
  readonly attempts: number;
  /** How often it was put back before. */
  readonly redrives: number;
}

/** Sums up what is known of a request: what its record says or, once that is gone, its letter. */
export function factsOf({ described, record, attributes }: LetterRequest): LetterFacts {
  if (!record) {
    const rejection = 'rejection' in described ? described.rejection : undefined;
    const noted = (name: string) => attributes[name]?.StringValue;
    return {
      code: rejection?.code ?? noted(ATTRIBUTES.deadLetterCode) ?? 'unknown',
      message: rejection?.message ?? noted(ATTRIBUTES.deadLetterDetail) ?? '',
      attempts: Number(noted(ATTRIBUTES.deadLetterAttempts) ?? 0),
      redrives: Number(noted(ATTRIBUTES.deadLetterRedrives) ?? 0),
    };
  }
  const { status, outcome, givenUp, lastError, redrives = 0 } = record;
  const problem = outcome && outcome.status !== 'succeeded' ? outcome.problem : undefined;
  // Saying that a request is given up has the number of an attempt, and is none.
  const known = { endedAt: outcome?.endedAt, attempts: problem?.attempts ?? record.attempts, redrives };
  if (status !== 'failed') return { ...known, code: status, message: '' };
  if (givenUp && lastError) {
    return { ...known, code: lastError.code ?? lastError.name, message: lastError.message };
  }
  return { ...known, code: problem?.code ?? status, message: problem?.detail ?? '' };
}
