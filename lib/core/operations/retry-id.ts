import { hash } from 'node:crypto';
import { v7 } from 'uuid';
import type { Action } from '../model/action.ts';
import { identityDigest, type RequestIdentity } from '../model/request-id.ts';
import type { RequestRecord } from '../model/request-record.ts';

/**
 * The id of the request that retries a failed one: the same for all its dead letters, until a redrive runs it again. So its
 * payload is submitted once, in spite of repeated actions and crashes.
 */
export function retryIdOf({
  request,
  outcome,
  redrives = 0,
}: Pick<RequestRecord, 'request' | 'outcome' | 'redrives'>): string {
  return idAt(outcome?.endedAt ?? 0, `${identityDigest('record', request)} ${redrives}`);
}

/** The id of the request that retries a failed one with another payload: one for each action. */
export function editedRetryIdOf(
  { id, appliedAt = 0 }: Pick<Action, 'id' | 'appliedAt'>,
  failed: RequestIdentity,
): string {
  return idAt(appliedAt, `${id} ${identityDigest('record', failed)}`);
}

/** An id that sorts by its time, in milliseconds since 1970: the same each time for the same name. */
function idAt(msecs: number, name: string): string {
  return v7({ msecs, random: hash('sha256', name, 'buffer') });
}
