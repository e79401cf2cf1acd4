import { hasMembers, isRequest, type JsonAnswer, read } from '../answers.ts';
import type { RequestResource } from '../types.ts';

/** A form to POST the payload with, to the store. */
export interface FormUpload {
  readonly method: 'POST';
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** An upload in parts of one size, but for the last. */
export interface PartsUpload {
  readonly method: 'PUT_PARTS';
  readonly uploadName: string;
  readonly partSize: number;
  readonly partCount: number;
}

/** A request that waits for its payload, and how to upload it. */
export interface UploadTicket {
  readonly request: RequestResource;
  readonly upload: FormUpload | PartsUpload;
}

/** @throws AnswerInvalid */
export function ticketOf(answer: JsonAnswer): UploadTicket {
  return read(answer, 'an upload', isTicket);
}

/** URLs of parts, by number. @throws AnswerInvalid */
export function partUrlsOf(answer: JsonAnswer): ReadonlyMap<number, string> {
  const { parts } = read(answer, 'URLs of parts', hasPartUrls);
  return new Map(parts.map(({ number, url }) => [number, url]));
}

function isTicket(value: unknown): value is UploadTicket {
  if (typeof value !== 'object' || value === null) return false;
  if (!('request' in value && isRequest(value.request) && 'upload' in value)) return false;
  const form = { method: 'string', url: 'string', fields: 'object' };
  const parts = { method: 'string', uploadName: 'string', partSize: 'number', partCount: 'number' };
  return hasMembers(value.upload, form) || hasMembers(value.upload, parts);
}

function hasPartUrls(value: unknown): value is { parts: readonly { number: number; url: string }[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'parts' in value &&
    Array.isArray(value.parts) &&
    value.parts.every((part) => hasMembers(part, { number: 'number', url: 'string' }))
  );
}
