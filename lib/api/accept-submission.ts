import type { SubmitRequest } from '../core/intake/submissions.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import type { Load } from '../core/ports/admission.ts';
import { refusalError } from './admit.ts';
import type { Destination } from './destination.ts';

/** A request that was accepted, and the load that it was admitted with. */
export interface Accepted {
  readonly record: RequestRecord;
  readonly load: Load;
}

/**
 * Accepts a request if its destination admits it. A repeated submission isn't refused: its first response may have been lost.
 * @throws ProblemError 429 or 503, and what submitting throws
 */
export async function acceptSubmission(
  input: SubmitRequest,
  { admission, submissions }: Destination,
): Promise<Accepted> {
  const decision = await admission.decide(input);
  const { load } = decision;
  if (decision.admitted) {
    const { countsAsWaiting } = decision;
    return { record: await submissions.submit({ ...input, countsAsWaiting }), load };
  }
  const before = await submissions.findEarlier(input);
  if (!before) throw refusalError(decision);
  return { record: before, load };
}
