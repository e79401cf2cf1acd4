import { PermanentError } from '../../lib/core/base/errors.ts';
import { expiry, failure, outcomeOf } from '../../lib/core/model/outcome.ts';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';
import type { RequestRecords } from '../../lib/core/records/request-records.ts';
import { ATTRIBUTES } from '../../lib/core/wire/attributes.ts';
import { decode } from '../../lib/core/wire/decode.ts';

/** How a request ends. */
export interface EndRequestOptions {
  readonly records: Pick<RequestRecords, 'change'>;
  /** Whether its attempts are used up, so that its message is dead-lettered. Otherwise it expires. */
  readonly fails: boolean;
  readonly now: number;
}

/** Ends the request of a message as the engine does. A message whose request doesn't run is acknowledged. */
export async function endRequest(
  message: ReceivedMessage,
  { records, fails, now }: EndRequestOptions,
): Promise<void> {
  const [request] = decode(message, { maxJsonDepth: 100 });
  if (!request || 'rejection' in request) throw new Error('The message has no request');
  const redrive = message.typedAttributes?.[ATTRIBUTES.deadLetterRedrives]?.value;
  const leaseId = crypto.randomUUID();
  const { stored, refused } = await records.change(request, {
    type: 'claim',
    request,
    leaseEndsAt: now + 1_000,
    leaseId,
    sentAt: message.sentAt,
    ...(redrive !== undefined && { deadLetterOf: Number(redrive) }),
  });
  if (refused || stored.record.status !== 'running') return message.ack();
  const error = new PermanentError('Down', { code: 'EDOWN' });
  const outcome = outcomeOf(request, fails ? failure(error, 1) : expiry(1), now);
  const exhausted = { attemptsExhausted: { error: undefined } };
  await records.change(request, { type: 'complete', leaseId, outcome, ...(fails && exhausted) });
  if (fails) {
    const { redrives = 0 } = stored.record;
    const about = { requestId: request.id, code: 'EDOWN', detail: 'Down', attempts: 1, submittedAt: 0 };
    await message.deadLetter({ ...about, redrives });
    await records.change(request, { type: 'dead_letter', redrives });
  }
  await message.ack();
}
