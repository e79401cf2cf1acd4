import type { DeadLetterRequest } from '../../aws/dead-letter.ts';
import { failureOf } from '../../core/model/failure-group.ts';
import { ATTRIBUTES } from '../../core/wire/attributes.ts';

/** Why a request was dead-lettered, in short. */
export interface DeadLetterSummary {
  /**
   * The code of the last attempt's error, or its name, or the problem's code; the status of a request that hasn't failed;
   * `unknown` without a record.
   */
  readonly code: string;
  readonly message: string;
  /** When the request ended, in milliseconds since 1970; absent if it hasn't ended, or without a record. */
  readonly endedAt?: number;
  readonly attempts: number;
  /** How often the request was redriven. */
  readonly redrives: number;
}

/** Summarizes a request from its record or, without one, from its message. */
export function summarize({ described, record, attributes }: DeadLetterRequest): DeadLetterSummary {
  if (!record) {
    const rejection = 'rejection' in described ? described.rejection : undefined;
    const attribute = (name: string) => attributes[name]?.StringValue;
    return {
      code: rejection?.code ?? attribute(ATTRIBUTES.deadLetterCode) ?? 'unknown',
      message: rejection?.message ?? attribute(ATTRIBUTES.deadLetterDetail) ?? '',
      attempts: Number(attribute(ATTRIBUTES.deadLetterAttempts) ?? 0),
      redrives: Number(attribute(ATTRIBUTES.deadLetterRedrives) ?? 0),
    };
  }
  const { status, outcome, redrives = 0 } = record;
  const problem = outcome && outcome.status !== 'succeeded' ? outcome.problem : undefined;
  // The attempt that records the failure has a number but runs nothing, so the problem's count wins.
  const known = { endedAt: outcome?.endedAt, attempts: problem?.attempts ?? record.attempts, redrives };
  const { code = status, message = '' } = failureOf(record) ?? {};
  return { ...known, code, message };
}
