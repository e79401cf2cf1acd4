import { type ErrorSummary, summarizeError } from '../../lib/core/base/serialize-error.ts';
import { AttemptsExhausted } from '../../lib/core/engine/errors.ts';
import { failure } from '../../lib/core/model/outcome.ts';
import type { RequestIdentity } from '../../lib/core/model/request-id.ts';
import type { Lease } from '../../lib/core/records/lease.ts';
import type { RecordableRequest, RequestRecords } from '../../lib/core/records/request-records.ts';
import { inlineOutcome, outcomeOf } from './outcomes.ts';

const LEASE_ENDS_AT = Date.UTC(2100, 0);

/** Records what the engine records when a request's only attempt fails with `error` and no attempt is left. */
export async function exhaustAttempts(
  records: RequestRecords,
  request: RecordableRequest,
  error: unknown,
  endedAt: number,
): Promise<void> {
  await exhaustLease(await claim(records, request), endedAt, summarizeError(error));
  await records.change(request, { type: 'dead_letter', redrives: 0 });
}

/** Records that a request was redriven and failed again, `times` times. @param sentAt when its messages were sent */
export async function failAgain(
  records: RequestRecords,
  request: RequestIdentity,
  times: number,
  sentAt: number,
): Promise<void> {
  for (let round = 0; round < times; round++) {
    const lease = await claim(records, request, sentAt);
    await exhaustLease(lease, sentAt);
    await records.change(request, { type: 'dead_letter', redrives: lease.redrives ?? 0 });
  }
}

/** Records that a request ran and succeeded. @param sentAt when its message was sent */
export async function succeed(
  records: RequestRecords,
  request: RequestIdentity,
  sentAt?: number,
): Promise<void> {
  const lease = await claim(records, request, sentAt);
  await lease.complete(inlineOutcome('1', 'application/json', { request }));
}

async function exhaustLease(lease: Lease, endedAt: number, error?: ErrorSummary): Promise<void> {
  const { request, attempt, lastError } = lease;
  const ending = failure(new AttemptsExhausted(attempt, error ?? lastError, false), attempt);
  await lease.complete(outcomeOf(ending, { request, endedAt }), { error });
}

/** @param sentAt when its dead letter was redriven, if it was */
async function claim(records: RequestRecords, request: RecordableRequest, sentAt?: number): Promise<Lease> {
  const { redrives = 0 } = (await records.find(request)) ?? {};
  const redriven = sentAt !== undefined && { sentAt, deadLetterOf: redrives };
  const found = await records.claim({ ...request, ...redriven }, LEASE_ENDS_AT);
  if (found.status !== 'claimed') throw new Error(`${request.id} is ${found.status}`);
  return found.lease;
}
