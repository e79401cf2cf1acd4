import type { SubmitRequest } from '../core/intake/submissions.ts';
import { type AdmittedRequest, submitAdmitted } from '../core/intake/submit-admitted.ts';
import { refusalError } from './admit.ts';
import type { Destination } from './destination.ts';

/**
 * Accepts a request if its destination admits it.
 * @throws ProblemError 429 or 503, and what submitting throws
 */
export async function acceptSubmission(
  input: SubmitRequest,
  destination: Destination,
): Promise<AdmittedRequest> {
  const accepted = await submitAdmitted(input, destination);
  if (!accepted.admitted) throw refusalError(accepted);
  return accepted;
}
