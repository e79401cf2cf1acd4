import { identityDigest } from './request-id.ts';
import type { RequestRecord } from './request-record.ts';

/**
 * Where a record stands among its tenant's: as text, that of a record created later sorts after it, and no other
 * record's is the same.
 */
export function positionOf({ request, createdAt }: Pick<RequestRecord, 'request' | 'createdAt'>): string {
  return positionAt(createdAt, identityDigest('record', request));
}

/** The position of a record whose request has this digest. @param createdAt milliseconds since 1970 */
export function positionAt(createdAt: number, digest: string): string {
  return `${new Date(createdAt).toISOString()}#${digest}`;
}

/** Whether a text is a position, be there a record at it or not. */
export function isPosition(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[\da-f]{32}$/.test(text);
}
