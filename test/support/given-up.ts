import { AttemptsExhausted } from '../../lib/core/errors.ts';
import type { Lease } from '../../lib/core/lease.ts';
import { failure } from '../../lib/core/outcome.ts';
import type { RequestIdentity } from '../../lib/core/request-id.ts';
import type { RequestRecords } from '../../lib/core/request-records.ts';
import { inlineOutcome, outcomeOf } from './outcomes.ts';

const LEASE_ENDS_AT = Date.UTC(2100, 0);

/** Records what the engine records of a request whose one attempt failed of `error`, the last it had. */
export async function giveUp(
  records: RequestRecords,
  request: RequestIdentity,
  error: unknown,
  endedAt: number,
): Promise<void> {
  const lease = await claim(records, request);
  await lease.release(error, false);
  await giveUpUnder(await claim(records, request), endedAt);
  await records.change(request, { type: 'dead_letter' });
}

/** Records that a request was put back and has failed again, so often. @param sentAt when its messages were sent */
export async function failAgain(
  records: RequestRecords,
  request: RequestIdentity,
  times: number,
  sentAt: number,
): Promise<void> {
  for (let round = 0; round < times; round++) {
    await giveUpUnder(await claim(records, request, sentAt), sentAt);
    await records.change(request, { type: 'dead_letter' });
  }
}

/** Records that a request was taken up and has succeeded. @param sentAt when its message was sent */
export async function succeed(
  records: RequestRecords,
  request: RequestIdentity,
  sentAt?: number,
): Promise<void> {
  const lease = await claim(records, request, sentAt);
  await lease.complete(inlineOutcome('1', 'application/json', { request }));
}

async function giveUpUnder(lease: Lease, endedAt: number): Promise<void> {
  const { request, attempt, lastError } = lease;
  const ending = failure(new AttemptsExhausted(attempt - 1, lastError, false), attempt - 1);
  await lease.complete(outcomeOf(ending, { request, endedAt }), true);
}

async function claim(records: RequestRecords, request: RequestIdentity, sentAt?: number): Promise<Lease> {
  const found = await records.claim({ ...request, sentAt }, LEASE_ENDS_AT);
  if (found.status !== 'claimed') throw new Error(`${request.id} is ${found.status}`);
  return found.lease;
}
