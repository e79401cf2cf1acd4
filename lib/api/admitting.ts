import type { Admission, AdmissionDecision, Load, Submitter } from '../core/ports/admission.ts';
import { retryAfter } from './error-problem.ts';
import { ApiError } from './problem.ts';

/** The header that says what admission is decided on. */
export const LOAD_HEADER = 'Coatcheck-Load';

/**
 * Lets a request in, or not.
 * @returns the header that says what it was decided on
 * @throws ApiError 429 or 503, with the time after which to ask again
 */
export async function admitted(admission: Admission, submitter: Submitter): Promise<Record<string, string>> {
  const decision = await admission.decide(submitter);
  if (!decision.admitted) throw refused(decision);
  return loadHeader(decision.load);
}

/** The error that tells of a refusal. */
export function refused({
  reason,
  retryAfterSeconds,
  load,
}: Extract<AdmissionDecision, { readonly admitted: false }>): ApiError {
  return new ApiError({
    status: reason === 'overloaded' ? 503 : 429,
    code: reason,
    detail: DETAILS[reason],
    facts: { ...load },
    headers: { ...loadHeader(load), ...retryAfter(retryAfterSeconds) },
  });
}

const DETAILS = {
  overloaded:
    'More requests wait than can be done in time, so this one was not taken; ask again after Retry-After',
  tenant_over_share:
    'Your requests are most of those that wait, so this one was not taken; ask again after Retry-After',
} as const;

/** The header that tells the load, as a dictionary of RFC 9651; what is unknown is left out. */
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

/** A decimal has three digits after the point at most, and twelve before it. */
function decimal(value: number | undefined): string | undefined {
  return value === undefined ? undefined : Math.min(value, 999_999_999_999).toFixed(1);
}
