import { isObject } from '../../core/base/json-object.ts';
import { hasMembers, isRequest, type JsonAnswer, readJson, receiptIn } from '../answers.ts';
import type { SubmittedRequest } from '../request.ts';

/** A form to POST the payload to the store. */
export interface FormUpload {
  readonly method: 'POST';
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** An upload in parts of the same size, except the last. */
export interface PartsUpload {
  readonly method: 'PUT_PARTS';
  readonly uploadName: string;
  readonly partSize: number;
  readonly partCount: number;
}

/** A request that awaits its payload, and how to upload it. */
export interface UploadTicket {
  readonly request: SubmittedRequest;
  readonly upload: FormUpload | PartsUpload;
}

/** @throws AnswerInvalid */
export function readTicket(answer: JsonAnswer): UploadTicket {
  const { request, upload } = readJson(answer, 'an upload', isTicket);
  return { request: { ...request, ...receiptIn(answer) }, upload };
}

/** Reads the URLs of parts, by number. @throws AnswerInvalid */
export function readPartUrls(answer: JsonAnswer): ReadonlyMap<number, string> {
  const { parts } = readJson(answer, 'URLs of parts', hasPartUrls);
  return new Map(parts.map(({ number, url }) => [number, url]));
}

function isTicket(value: unknown): value is UploadTicket {
  if (!isObject(value)) return false;
  if (!isRequest(value.request)) return false;
  const form = { method: 'string', url: 'string', fields: 'object' };
  const parts = { method: 'string', uploadName: 'string', partSize: 'number', partCount: 'number' };
  return hasMembers(value.upload, form) || hasMembers(value.upload, parts);
}

function hasPartUrls(value: unknown): value is { parts: readonly { number: number; url: string }[] } {
  return (
    isObject(value) &&
    Array.isArray(value.parts) &&
    value.parts.every((part) => hasMembers(part, { number: 'number', url: 'string' }))
  );
}
