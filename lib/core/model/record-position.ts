import { identityDigest } from './request-id.ts';
import type { RequestRecord } from './request-record.ts';

/**
 * The unique position of a record in the list of its tenant. Positions are strings that sort by the time of creation.
 */
export function positionOf({ request, createdAt }: Pick<RequestRecord, 'request' | 'createdAt'>): string {
  return positionAt(createdAt, identityDigest('record', request));
}

/** The position of the record of the request with this digest. @param createdAt milliseconds since 1970 */
export function positionAt(createdAt: number, digest: string): string {
  return `${new Date(createdAt).toISOString()}#${digest}`;
}

/**
 * Sorts before the positions of all records that were created at a time or later, and after all others.
 * @param time milliseconds since 1970
 */
export function positionBefore(time: number): string {
  return new Date(time).toISOString();
}

/** Whether a string has the form of a position. */
export function isPosition(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[\da-f]{32}$/.test(text);
}
