import type { Admission, Applicant, Load } from '../core/admission/verdict.ts';
import { retryAfter } from './error-problem.ts';
import { ApiError } from './problem.ts';

/** The header that says what admission is decided on. */
export const LOAD_HEADER = 'Coatcheck-Load';

/**
 * Lets a request in, or not.
 * @returns the header that says what it was decided on
 * @throws ApiError 429 or 503, with the time after which to ask again
 */
export async function admitted(admission: Admission, applicant: Applicant): Promise<Record<string, string>> {
  const verdict = await admission.decide(applicant);
  const header = { [LOAD_HEADER]: loadHeader(verdict.load) };
  if (verdict.admitted) return header;
  throw new ApiError({
    status: verdict.reason === 'overloaded' ? 503 : 429,
    code: verdict.reason,
    detail: DETAILS[verdict.reason],
    facts: { ...verdict.load },
    headers: { ...header, ...retryAfter(verdict.retryAfterSeconds) },
  });
}

const DETAILS = {
  overloaded:
    'More requests wait than can be done in time, so this one was not taken; ask again after Retry-After',
  tenant_over_share:
    'Your requests are most of those that wait, so this one was not taken; ask again after Retry-After',
} as const;

/** The load as a dictionary of RFC 9651; what is unknown is left out. */
function loadHeader({ backlog, completionsPerSecond, predictedWaitSeconds, maxWaitSeconds }: Load): string {
  const members = {
    backlog: backlog === undefined ? undefined : String(Math.round(backlog)),
    rate: decimal(completionsPerSecond),
    wait: decimal(predictedWaitSeconds),
    'max-wait': String(maxWaitSeconds),
  };
  return Object.entries(members)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
    .join(', ');
}

/** A decimal has three digits after the point at most, and twelve before it. */
function decimal(value: number | undefined): string | undefined {
  return value === undefined ? undefined : Math.min(value, 999_999_999_999).toFixed(1);
}
