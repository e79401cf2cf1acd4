import type { RequestRecord } from '../model/request-record.ts';
import type { Applied } from '../records/record-writer.ts';

/** The request that an event ended before its first attempt, if it was counted as waiting; undefined otherwise. */
export function leftWaiting({ before, stored, refused }: Applied): RequestRecord['request'] | undefined {
  const { status, attempts, request } = stored.record;
  const hasLeft = !refused && before?.outcome === undefined && status === 'cancelled' && attempts === 0;
  return hasLeft && request.countsAsWaiting ? request : undefined;
}
