import { EnvelopeMalformed } from '../base/errors.ts';
import { jsonValue, parseJson } from '../base/json.ts';
import type { JsonObject } from '../base/json-object.ts';
import { quote } from '../base/quote.ts';
import { type ClaimCheck, formatClaimCheck } from '../model/claim-check.ts';
import type { DecodedRequest, DecodeLimits } from '../model/decoded-request.ts';
import type { RequestIdentity } from '../model/request-id.ts';
import type { RecordedRequest } from '../model/request-record.ts';
import { type DataMember, inlineMember } from './cloudevent-data.ts';
import { decodeCloudEvent, isCloudEvent } from './decode-cloudevent.ts';
import { isTexts, readOptionalPriority, readOptionalText, readOptionalTime } from './fields.ts';
import { messageJson, withoutPlaceholders } from './message-text.ts';

/** The `type` and the `source` of the CloudEvents that carry submissions. */
export const SUBMISSION_TYPE = 'coatcheck.request.submitted';
export const SUBMISSION_SOURCE = 'coatcheck';

const ENVELOPE = 'submission';

/** A request as the API sends it to the input queue. */
export interface Submission extends RecordedRequest {
  /** Always empty: ids that the API issues are globally unique. */
  readonly source: '';
  /** Milliseconds since 1970. */
  readonly submittedAt: number;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The bytes themselves, or where they are stored. */
  readonly payload: { readonly bytes: Uint8Array } | { readonly check: ClaimCheck; readonly size: number };
}

/**
 * Encodes a submission as a CloudEvent 1.0 in structured JSON. Whatever its content type, a payload keeps its exact bytes.
 * @param limits the limits of the reader
 */
export function encodeSubmission(submission: Submission, { maxJsonDepth }: DecodeLimits): string {
  const { id, tenant, traceparent, tracestate, submittedAt, contentType, metadata, payload } = submission;
  const attributes = JSON.stringify({
    specversion: '1.0',
    id,
    source: SUBMISSION_SOURCE,
    type: SUBMISSION_TYPE,
    time: new Date(submittedAt).toISOString(),
    notbefore: timeText(submission.notBefore),
    expirytime: timeText(submission.expiresAt),
    minversion: submission.minVersion,
    topic: submission.topic,
    priority: submission.priority,
    countsaswaiting: submission.countsAsWaiting,
    retryof: submission.retryOf,
    tenant,
    traceparent,
    tracestate,
    callbackurl: submission.callbackUrl,
    metadata: Object.keys(metadata).length === 0 ? undefined : JSON.stringify(metadata),
    // As text: integers of CloudEvents have 32 bits.
    payloadsize: 'check' in payload ? String(payload.size) : undefined,
    uploadbytes: submission.uploadBytes === undefined ? undefined : String(submission.uploadBytes),
    datacontenttype: contentType,
    contentencoding: submission.contentEncoding,
    contentlanguage: submission.contentLanguage,
  });
  const [name, json]: DataMember =
    'check' in payload
      ? ['dataref', JSON.stringify(formatClaimCheck(payload.check))]
      : inlineMember({ bytes: payload.bytes, contentType }, (text) => survives(text, maxJsonDepth - 1));
  return messageJson(`${withoutPlaceholders(attributes).slice(0, -1)},"${name}":${json}}`);
}

function timeText(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}

/** Whether an event is a submission. */
export function isSubmission(value: unknown): value is JsonObject {
  return isCloudEvent(value) && value.type === SUBMISSION_TYPE && value.source === SUBMISSION_SOURCE;
}

/** Whether a message is the submission of a request. The same id of another tenant is another request. */
export function isSubmissionOf(message: string, { id, source, tenant }: RequestIdentity): boolean {
  const event: unknown = jsonValue(message);
  return isSubmission(event) && source === '' && event.id === id && event.tenant === tenant;
}

/**
 * Reads what {@link encodeSubmission} wrote.
 * @param text the JSON of the event
 * @throws EnvelopeMalformed
 */
export function decodeSubmission(event: JsonObject, text: string): DecodedRequest {
  const { payload, ...request } = decodeCloudEvent(event, text);
  // Data is optional in an event, but required in a submission.
  if (event.data === undefined && (event.data_base64 ?? event.dataref ?? undefined) === undefined) {
    throw new EnvelopeMalformed(ENVELOPE, 'one of data, data_base64 and dataref is required, got none');
  }
  return {
    ...request,
    source: '',
    contentEncoding: readOptionalText(ENVELOPE, event, 'contentencoding'),
    contentLanguage: readOptionalText(ENVELOPE, event, 'contentlanguage'),
    metadata: metadataOf(event),
    priority: readOptionalPriority(ENVELOPE, 'priority', readOptionalText(ENVELOPE, event, 'priority')),
    submittedAt: readOptionalTime(ENVELOPE, 'time', readOptionalText(ENVELOPE, event, 'time')),
    payload: 'inline' in payload ? payload : { ...payload, size: sizeOf(event, 'payloadsize') },
    ...(event.countsaswaiting === true && { countsAsWaiting: true }),
    retryOf: readOptionalText(ENVELOPE, event, 'retryof'),
    // The record of such a request is older than its payload.
    ...(sizeOf(event, 'uploadbytes') !== undefined && { ticketed: true }),
  };
}

/**
 * Whether a text can be JSON inside an event without changing its bytes: it isn't nested too deeply, and has no
 * surrounding whitespace and no characters that a message must escape.
 */
function survives(text: string, maxDepth: number): boolean {
  if (text !== text.trim() || text !== messageJson(text)) return false;
  try {
    parseJson(text, 'The payload', maxDepth);
    return true;
  } catch {
    return false;
  }
}

function metadataOf(event: JsonObject): Record<string, string> {
  const text = readOptionalText(ENVELOPE, event, 'metadata') ?? '{}';
  const metadata: unknown = jsonValue(text);
  if (isTexts(metadata)) return metadata;
  throw new EnvelopeMalformed(ENVELOPE, `metadata must be a JSON object of strings, got ${quote(text)}`);
}

function sizeOf(event: JsonObject, name: string): number | undefined {
  const text = readOptionalText(ENVELOPE, event, name);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new EnvelopeMalformed(ENVELOPE, `${name} must be a number of bytes, got ${quote(text)}`);
}
