import { AnswerInvalid } from './errors.ts';
import type { RequestPage, RequestResource, ServiceStatus } from './types.ts';

/** The JSON of an answer, and which call it answers. */
export interface JsonAnswer {
  readonly call: string;
  readonly text: string;
  readonly headers: Headers;
}

/** @throws AnswerInvalid */
export function requestOf(answer: JsonAnswer): RequestResource {
  return read(answer, 'a request', isRequest);
}

/** @throws AnswerInvalid */
export function pageOf(answer: JsonAnswer): RequestPage {
  return read(answer, 'a page of requests', isPage);
}

/** @throws AnswerInvalid */
export function serviceStatusOf(answer: JsonAnswer): ServiceStatus {
  return read(answer, "the service's status", isServiceStatus);
}

/**
 * An answer of the expected kind. Told by what it can't do without: an API may have learnt more since.
 * @throws AnswerInvalid
 */
export function read<Kind>(
  { call, text }: JsonAnswer,
  expected: string,
  isKind: (value: unknown) => value is Kind,
): Kind {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AnswerInvalid(call, expected, text);
  }
  if (!isKind(value)) throw new AnswerInvalid(call, expected, text);
  return value;
}

/** Whether a value is an object whose members these are, by name and `typeof`. */
export function hasMembers(value: unknown, members: Readonly<Record<string, string>>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const found = new Map<string, unknown>(Object.entries(value));
  return Object.entries(members).every(([name, type]) => typeof found.get(name) === type);
}

/** Whether a value is a request as the API shows it. */
export function isRequest(value: unknown): value is RequestResource {
  return hasMembers(value, { id: 'string', status: 'string' });
}

function isPage(value: unknown): value is RequestPage {
  return (
    typeof value === 'object' &&
    value !== null &&
    'requests' in value &&
    Array.isArray(value.requests) &&
    value.requests.every(isRequest)
  );
}

function isServiceStatus(value: unknown): value is ServiceStatus {
  return hasMembers(value, { load: 'object', accepting: 'boolean' });
}
