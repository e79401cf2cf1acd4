import { CoatcheckError } from '../base/errors.ts';
import type { RequestRecord } from '../model/request-record.ts';
import type { Admission, AdmissionRefusal, Load } from '../ports/admission.ts';
import type { Submissions, SubmitRequest } from './submissions.ts';

/** A request that was accepted, and the load that it was admitted with. */
export interface AdmittedRequest {
  readonly admitted: true;
  readonly record: RequestRecord;
  readonly load: Load;
}

/**
 * Submits a request if it is admitted. A repeated submission isn't refused: its first response may have been lost.
 * @throws what submitting throws
 */
export async function submitAdmitted(
  input: SubmitRequest,
  { submissions, admission }: { readonly submissions: Submissions; readonly admission: Admission },
): Promise<AdmittedRequest | AdmissionRefusal> {
  const decision = await admission.decide(input);
  const { load } = decision;
  if (!decision.admitted) {
    const earlier = await submissions.findEarlier(input);
    return earlier ? { admitted: true, record: earlier, load } : decision;
  }
  const { countsAsWaiting, ahead } = decision;
  const { record, isRepeated } = await leavingIfRefused(input, admission, () =>
    submissions.accept({ ...input, countsAsWaiting, backlog: ahead }),
  );
  // It was counted when it was submitted first.
  if (isRepeated && countsAsWaiting) await admission.leave?.(input);
  return { admitted: true, record, load };
}

/** Accepts a request that was admitted. One that is refused after all no longer counts as waiting. */
export async function leavingIfRefused<Accepted>(
  input: Pick<SubmitRequest, 'tenant' | 'topic' | 'metadata'>,
  admission: Admission,
  accept: () => Promise<Accepted>,
): Promise<Accepted> {
  try {
    return await accept();
  } catch (error) {
    // After the error of a port, its message may be in the queue.
    if (error instanceof CoatcheckError) await admission.leave?.(input);
    throw error;
  }
}
