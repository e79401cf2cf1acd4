import { positionAt } from './record-position.ts';
import { identityDigest } from './request-id.ts';
import type { RequestRecord } from './request-record.ts';

/**
 * The unique position of a failed request in its group. Positions are strings that sort by the time of the failure, and have
 * the form of those of records.
 */
export function failurePositionOf(
  { request, outcome }: Pick<RequestRecord, 'request' | 'outcome'>,
  digest = identityDigest('record', request),
): string {
  return positionAt(outcome?.endedAt ?? 0, digest);
}

/** The digest of the request at a position: the key of its record. */
export function digestAt(position: string): string {
  return position.slice(position.indexOf('#') + 1);
}

/** When the request at a position failed, in milliseconds since 1970. */
export function failedAt(position: string): number {
  return Date.parse(position.slice(0, position.indexOf('#')));
}
