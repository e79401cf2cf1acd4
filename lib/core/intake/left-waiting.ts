import type { RequestRecord } from '../model/request-record.ts';
import type { Applied } from '../records/record-writer.ts';

/** The request of a record that an event has just cancelled, if it still counts as waiting; undefined otherwise. */
export function leftWaiting({ before, stored, refused }: Applied): RequestRecord['request'] | undefined {
  const { status, attempts, request } = stored.record;
  const hasLeft = !refused && before?.outcome === undefined && status === 'cancelled' && attempts === 0;
  return hasLeft && request.countsAsWaiting ? request : undefined;
}
