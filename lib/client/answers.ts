import { isObject } from '../core/base/json-object.ts';
import { RECEIPT_HEADER, type ReceiptKeys } from '../core/model/receipt.ts';
import { ACTIVITY_FIGURES } from '../core/ports/activity-log.ts';
import { AnswerInvalid } from './errors.ts';
import type { RequestPage, RequestResource } from './request.ts';
import type { Activity, Ledger, Pause, ServiceAlarm, ServiceSetting, ServiceStatus } from './service.ts';

/** A JSON response, with the call that it answers. */
export interface JsonAnswer {
  readonly call: string;
  readonly text: string;
  readonly headers: Headers;
}

/** @throws AnswerInvalid */
export function readRequest(answer: JsonAnswer): RequestResource {
  return readJson(answer, 'a request', isRequest);
}

/** The receipt of an answer, if it has one. */
export function receiptIn({ headers }: Pick<JsonAnswer, 'headers'>): { readonly receipt?: string } {
  const receipt = headers.get(RECEIPT_HEADER);
  return receipt === null ? {} : { receipt };
}

/** @throws AnswerInvalid */
export function readPage(answer: JsonAnswer): RequestPage {
  return readJson(answer, 'a page of requests', isPage);
}

/** @throws AnswerInvalid */
export function readServiceStatus(answer: JsonAnswer): ServiceStatus {
  return readJson(answer, "the service's status", isServiceStatus);
}

/** @throws AnswerInvalid */
export function readSettings(answer: JsonAnswer): readonly ServiceSetting[] {
  return readJson(answer, 'settings', isSettings).settings;
}

/** @throws AnswerInvalid */
export function readAlarms(answer: JsonAnswer): readonly ServiceAlarm[] {
  return readJson(answer, 'alarms', isAlarms).alarms;
}

/** @throws AnswerInvalid */
export function readPause(answer: JsonAnswer): Pause {
  return readJson(answer, 'a pause', isPause);
}

/** @throws AnswerInvalid */
export function readLedger(answer: JsonAnswer): Ledger {
  return readJson(answer, 'a ledger', isLedger);
}

/** @throws AnswerInvalid */
export function readActivity(answer: JsonAnswer): Activity {
  return readJson(answer, 'an activity', isActivity);
}

/** @throws AnswerInvalid */
export function readReceiptKeys(answer: JsonAnswer): ReceiptKeys {
  return readJson(answer, 'the keys of receipts', isReceiptKeys);
}

/**
 * Parses a response and checks that it is of the expected kind. Checks required members only, since a newer API may add
 * others.
 * @throws AnswerInvalid
 */
export function readJson<Kind>(
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

/** Whether a value is an object with these members, given by name and `typeof`. */
export function hasMembers(value: unknown, members: Readonly<Record<string, string>>): boolean {
  if (!isObject(value)) return false;
  const found = new Map<string, unknown>(Object.entries(value));
  return Object.entries(members).every(([name, type]) => typeof found.get(name) === type);
}

/** Whether a value is a request resource. */
export function isRequest(value: unknown): value is RequestResource {
  return hasMembers(value, { id: 'string', status: 'string' });
}

/** Whether a value is a page of requests. */
function isPage(value: unknown): value is RequestPage {
  return isObject(value) && Array.isArray(value.requests) && value.requests.every(isRequest);
}

function isServiceStatus(value: unknown): value is ServiceStatus {
  return hasMembers(value, { load: 'object', accepting: 'boolean' });
}

function isLedger(value: unknown): value is Ledger {
  return hasMembers(value, { accepted: 'number', ended: 'object', drift: 'number' });
}

function isActivity(value: unknown): value is Activity {
  return (
    hasMembers(value, { from: 'string', to: 'string', bucketSeconds: 'number' }) &&
    isObject(value) &&
    Array.isArray(value.buckets) &&
    value.buckets.every((bucket) => hasMembers(bucket, BUCKET))
  );
}

const BUCKET = {
  at: 'string',
  ...Object.fromEntries(ACTIVITY_FIGURES.map((figure) => [figure, 'number'])),
};

function isSettings(value: unknown): value is { readonly settings: readonly ServiceSetting[] } {
  return isObject(value) && Array.isArray(value.settings);
}

function isAlarms(value: unknown): value is { readonly alarms: readonly ServiceAlarm[] } {
  return isObject(value) && Array.isArray(value.alarms);
}

function isPause(value: unknown): value is Pause {
  return hasMembers(value, { until: 'string' });
}

function isReceiptKeys(value: unknown): value is ReceiptKeys {
  return isObject(value) && Array.isArray(value.keys);
}
