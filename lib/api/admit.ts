import { fullDetail } from '../core/limits/full-detail.ts';
import type {
  Admission,
  AdmissionGrant,
  AdmissionRefusal,
  Load,
  Submitter,
} from '../core/ports/admission.ts';
import { retryAfterHeader } from './error-problem.ts';
import { ProblemError } from './problem.ts';

/** The header with the figures behind an admission decision. */
export const LOAD_HEADER = 'Coatcheck-Load';

/**
 * Admits or rejects a request.
 * @throws ProblemError 429 or 503 with `Retry-After` if it is rejected
 */
export async function admit(admission: Admission, submitter: Submitter): Promise<AdmissionGrant> {
  const decision = await admission.decide(submitter);
  if (!decision.admitted) throw refusalError(decision);
  return decision;
}

/** The error for a rejected request. */
export function refusalError(refusal: AdmissionRefusal): ProblemError {
  const { reason, retryAfterSeconds, load } = refusal;
  return new ProblemError({
    status: reason === 'overloaded' ? 503 : 429,
    code: reason,
    detail: reason === 'too_many_waiting' ? fullDetail(refusal.full) : DETAILS[reason],
    facts: reason === 'too_many_waiting' ? { ...refusal.full } : { ...load },
    headers: { ...loadHeader(load), ...retryAfterHeader(retryAfterSeconds) },
  });
}

const DETAILS = {
  overloaded:
    'More requests are waiting than the service can process in time. This request was not accepted; submit it again after Retry-After',
  tenant_over_share:
    'Most waiting requests are yours. This request was not accepted; submit it again after Retry-After',
} as const;

/** The load as a dictionary of RFC 9651, without unknown figures. */
export function loadHeader(load: Load): Record<string, string> {
  const { backlog, completionsPerSecond, predictedWaitSeconds, maxWaitSeconds } = load;
  const members = {
    backlog: backlog === undefined ? undefined : String(Math.round(backlog)),
    rate: decimal(completionsPerSecond),
    wait: decimal(predictedWaitSeconds),
    'max-wait': String(maxWaitSeconds),
  };
  const known = Object.entries(members).filter(([, value]) => value !== undefined);
  return { [LOAD_HEADER]: known.map(([name, value]) => `${name}=${value}`).join(', ') };
}

/** A decimal of RFC 9651 has at most 12 digits before the point. */
function decimal(value: number | undefined): string | undefined {
  return value === undefined ? undefined : Math.min(value, 999_999_999_999).toFixed(1);
}
