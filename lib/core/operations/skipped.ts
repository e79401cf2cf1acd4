import type { ItemSettlement } from '../model/action.ts';
import type { RedriveDecision } from '../model/redrive.ts';
import type { RequestStatus } from '../model/request-record.ts';

/** Why an action skips a request. */
export const SKIPPED = {
  GONE: skipped('it is no longer in the dead-letter queue'),
  NOT_THERE: skipped('it was not in the dead-letter queue, or another process had received it'),
  NOT_FAILED: skipped('it is no longer a failed request'),
  LIMIT_REACHED: skipped('it was redriven as often as a request can be'),
  PUT_BACK: skipped('another dead letter put its request back'),
  UNKNOWN: skipped('its record is no longer kept'),
} as const;

/** Why a redrive skips a dead letter, and so a rehearsal of it. */
export const SKIPPED_BY_DECISION: Readonly<Record<Exclude<RedriveDecision, 'put_back'>, ItemSettlement>> = {
  settled: SKIPPED.PUT_BACK,
  limit_reached: SKIPPED.LIMIT_REACHED,
};

/** Why a retry skips a request whose other dead letter was retried. @param id of the new request */
export function retriedBefore(id: string): ItemSettlement {
  return { ...skipped(`it was retried before, as ${id}`), retriedAs: id };
}

/** What a cancellation did. @param status that of the request after it */
export function cancellationOf(status: RequestStatus): ItemSettlement {
  if (status === 'cancelled' || status === 'cancelling') return { result: 'done' };
  return skipped(`it has ended meanwhile: ${status}`);
}

function skipped(detail: string): ItemSettlement {
  return { result: 'skipped', detail };
}
