import { EnvelopeMalformed } from '../base/errors.ts';
import { isJson, parseJson } from '../base/json.ts';
import { isObject, type JsonObject } from '../base/json-object.ts';
import { type ClaimCheck, formatClaimCheck } from '../model/claim-check.ts';
import type { DecodedRequest, DecodeLimits } from '../model/decoded-request.ts';
import type { RecordedRequest } from '../model/request-record.ts';
import { type DataMember, inlineMember } from './cloudevent-data.ts';
import { decodeCloudEvent, isCloudEvent } from './decode-cloudevent.ts';
import { optionalText, optionalTime, shown } from './fields.ts';
import { messageJson } from './message-text.ts';

/** The `type` and the `source` of the events that submissions travel in. */
export const SUBMISSION_TYPE = 'coatcheck.request.submitted';
export const SUBMISSION_SOURCE = 'coatcheck';

const ENVELOPE = 'submission';

/** A request as the API sends it to the input queue. */
export interface Submission extends RecordedRequest {
  /** Always empty: ids of the API are globally unique. */
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
 * Writes a submission as a CloudEvent 1.0 in structured JSON. What a payload is called doesn't matter: its reader is
 * given the very same bytes.
 * @param limits what its reader will decode
 */
export function encodeSubmission(submission: Submission, { maxJsonDepth }: DecodeLimits): string {
  const { id, tenant, traceparent, tracestate, submittedAt, expiresAt, contentType, metadata, payload } =
    submission;
  const attributes = JSON.stringify({
    specversion: '1.0',
    id,
    source: SUBMISSION_SOURCE,
    type: SUBMISSION_TYPE,
    time: new Date(submittedAt).toISOString(),
    expirytime: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
    tenant,
    traceparent,
    tracestate,
    callbackurl: submission.callbackUrl,
    metadata: Object.keys(metadata).length === 0 ? undefined : JSON.stringify(metadata),
    // As text: an event's whole numbers end at 2 GiB.
    payloadsize: 'check' in payload ? String(payload.size) : undefined,
    datacontenttype: contentType,
    contentencoding: submission.contentEncoding,
    contentlanguage: submission.contentLanguage,
  });
  const [name, json]: DataMember =
    'check' in payload
      ? ['dataref', JSON.stringify(formatClaimCheck(payload.check))]
      : inlineMember({ bytes: payload.bytes, contentType }, (text) => survives(text, maxJsonDepth - 1));
  return messageJson(`${attributes.slice(0, -1)},"${name}":${json}}`);
}

/** Whether an event is a submission. */
export function isSubmission(value: unknown): value is JsonObject {
  return isCloudEvent(value) && value.type === SUBMISSION_TYPE && value.source === SUBMISSION_SOURCE;
}

/**
 * Reads what {@link encodeSubmission} wrote.
 * @param text what the event was parsed from
 * @throws EnvelopeMalformed
 */
export function decodeSubmission(event: JsonObject, text: string): DecodedRequest {
  const { payload, ...request } = decodeCloudEvent(event, text);
  // An event may come without data, a submission has some.
  if (
    [event.data, event.data_base64 ?? undefined, event.dataref ?? undefined].every(
      (data) => data === undefined,
    )
  ) {
    throw new EnvelopeMalformed(ENVELOPE, 'one of data, data_base64 and dataref must be there, got none');
  }
  return {
    ...request,
    source: '',
    contentEncoding: optionalText(ENVELOPE, event, 'contentencoding'),
    contentLanguage: optionalText(ENVELOPE, event, 'contentlanguage'),
    metadata: metadataOf(event),
    submittedAt: optionalTime(ENVELOPE, 'time', optionalText(ENVELOPE, event, 'time')),
    payload: 'inline' in payload ? payload : { ...payload, size: sizeOf(event) },
  };
}

/**
 * Whether a text can be put into an event as JSON so that a reader gets back the same bytes: it isn't nested too deep,
 * has no surrounding whitespace, and no characters that a message must escape.
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
  const text = optionalText(ENVELOPE, event, 'metadata') ?? '{}';
  const metadata: unknown = isJson(text) ? JSON.parse(text) : undefined;
  if (isTexts(metadata)) return metadata;
  throw new EnvelopeMalformed(ENVELOPE, `metadata must be a JSON object of texts, got ${shown(text)}`);
}

function isTexts(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((member) => typeof member === 'string');
}

function sizeOf(event: JsonObject): number | undefined {
  const text = optionalText(ENVELOPE, event, 'payloadsize');
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new EnvelopeMalformed(ENVELOPE, `payloadsize must be a number of bytes, got ${shown(text)}`);
}
