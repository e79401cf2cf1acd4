import { BASE64_OF_32_BYTES } from '../core/base/base64.ts';
import { CONTENT_CODINGS, codingsOf, contentEncodingOf } from '../core/base/content-coding.ts';
import { ContentEncodingUnsupported } from '../core/base/errors.ts';
import { CONTENT_TYPE_MAX_LENGTH, MEDIA_TYPE } from '../core/base/media-type.ts';
import { quote } from '../core/base/quote.ts';
import { parseTime, timeProblem } from '../core/base/time.ts';
import { readTraceContext, type TraceContext } from '../core/base/traceparent.ts';
import { S3_MAX_METADATA_BYTES } from '../core/config/aws-limits.ts';
import { minVersionProblem } from '../core/config/min-version.ts';
import { type CallbackRules, callbackUrlProblem } from '../core/model/callback-url.ts';
import { chosenIdProblem } from '../core/model/chosen-id.ts';
import { METADATA_HEADER, parseMetadataHeader } from '../core/model/metadata-header.ts';
import { METADATA_NAME, metadataNameProblem } from '../core/model/metadata-name.ts';
import { ORDERING_KEY_METADATA, orderingKeyProblem } from '../core/model/ordering-key.ts';
import { isPriority, type Priority, priorityProblem } from '../core/model/priority.ts';
import { TOPIC_METADATA, topicProblem } from '../core/model/topic.ts';
import { ProblemError } from './problem.ts';
import { currentTrace } from './trace-calls.ts';

/** Prefix of the headers that carry an entry of metadata each. */
export const METADATA_HEADER_PREFIX = `${METADATA_HEADER}-`;

/** The value of a metadata entry. Like any header value, it has no spaces at its ends. */
export const METADATA_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** Longest idempotency key, in characters. */
const KEY_MAX_LENGTH = 255;

/** A valid content type. @param field the header or member that holds it @throws ProblemError 415 */
export function contentTypeOf(field: string, contentType: string): string {
  if (MEDIA_TYPE.test(contentType) && contentType.length <= CONTENT_TYPE_MAX_LENGTH) return contentType;
  throw new ProblemError({
    status: 415,
    code: 'content_type_invalid',
    detail:
      `${field} must be a media type like text/csv or application/json; charset=utf-8, of at most ` +
      `${CONTENT_TYPE_MAX_LENGTH} characters, got ${quote(contentType)}`,
  });
}

/**
 * The content encoding of a payload, if a processor can decode it.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
 * @throws ProblemError 415
 */
export function contentEncodingFor(field: string | undefined): string | undefined {
  const contentEncoding = contentEncodingOf(field);
  try {
    codingsOf(contentEncoding);
    return contentEncoding;
  } catch (error) {
    if (!(error instanceof ContentEncodingUnsupported)) throw error;
    const headers = { 'Accept-Encoding': CONTENT_CODINGS.join(', ') };
    throw new ProblemError({ status: 415, code: error.code, detail: error.message, headers });
  }
}

/** The SHA-256 of a payload in base64. @throws ProblemError 400 */
export function digestOf(field: string, digest: string | undefined): string | undefined {
  if (digest === undefined || BASE64_OF_32_BYTES.test(digest)) return digest;
  throw malformed(
    `${field} must be a SHA-256 in base64, 44 characters, got ${quote(digest)}. ` +
      'To make one: openssl dgst -sha256 -binary FILE | openssl base64',
  );
}

/** Languages as RFC 9110 lists them. */
export const CONTENT_LANGUAGE =
  /^[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8})*(?: *, *[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8})*)*$/;

/** A valid list of the payload's languages. @throws ProblemError 400 */
export function contentLanguageOf(field: string | undefined): string | undefined {
  if (field === undefined || (field.length <= 255 && CONTENT_LANGUAGE.test(field))) return field;
  throw malformed(`Content-Language must be language tags like en or de-CH, fr, got ${quote(field)}`);
}

/**
 * A time after which a request isn't begun, as milliseconds since 1970.
 * @param now milliseconds since 1970; undefined if the time may have passed
 * @throws ProblemError 400
 */
export function expiryOf(
  field: string,
  text: string | undefined,
  now: number | undefined,
): number | undefined {
  const time = timeOf(field, text);
  if (time !== undefined && now !== undefined && time <= now)
    throw malformed(`${field} must be in the future, got ${quote(text)}`);
  return time;
}

/** A time in milliseconds since 1970. @throws ProblemError 400 */
export function timeOf(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(text);
  if (time === undefined) {
    throw malformed(`${field} must be a time like 2026-01-31T12:00:00Z, got ${quote(text)}`);
  }
  // With an offset, the time may fall in the year 10000 or in that before 0.
  const problem = timeProblem(time);
  if (problem !== undefined) throw malformed(`${field} ${problem}`);
  return time;
}

/** The oldest version of the handler that may run a request. @throws ProblemError 400, 422 */
export function minVersionOf(
  field: string,
  minVersion: string | undefined,
  { acceptsMinVersion }: { readonly acceptsMinVersion: boolean },
): string | undefined {
  if (minVersion === undefined) return undefined;
  const problem = minVersionProblem(minVersion);
  if (problem !== undefined) throw malformed(`${field} ${problem}`);
  if (acceptsMinVersion) return minVersion;
  throw new ProblemError({
    status: 422,
    code: 'min_version_unsupported',
    detail: `${field} needs a service whose versions are numbers, and those of this service aren't. Leave it out`,
  });
}

/** The key of requests that run one after another. @throws ProblemError 400, 422 */
export function orderingKeyOf(
  field: string,
  key: string | undefined,
  { keepsOrder }: { readonly keepsOrder: boolean },
): string | undefined {
  if (key === undefined) return undefined;
  const problem = orderingKeyProblem(key);
  if (problem !== undefined) throw malformed(`${field} ${problem}`);
  if (keepsOrder) return key;
  throw new ProblemError({
    status: 422,
    code: 'order_unsupported',
    detail: `${field} needs a service that keeps order, and this one doesn't: its requests run at the same time. Leave it out`,
  });
}

/** A valid topic. @throws ProblemError 400 */
export function topicOf(field: string, topic: string | undefined): string | undefined {
  const problem = topic === undefined ? undefined : topicProblem(topic);
  if (problem !== undefined) throw malformed(`${field} ${problem}`);
  return topic;
}

/** A valid priority. @throws ProblemError 400 */
export function priorityOf(field: string, text: string | undefined): Priority | undefined {
  if (text === undefined || isPriority(text)) return text;
  throw malformed(`${field} ${priorityProblem(text)}`);
}

/** The metadata of an upload with what decides over its queue and its place there. */
export function placedMetadata(
  metadata: Readonly<Record<string, string>>,
  { orderingKey, topic }: { readonly orderingKey?: string; readonly topic?: string },
): Readonly<Record<string, string>> {
  return {
    ...metadata,
    ...(orderingKey !== undefined && { [ORDERING_KEY_METADATA]: orderingKey }),
    ...(topic !== undefined && { [TOPIC_METADATA]: topic }),
  };
}

/** A URL the outcome is sent to. @throws ProblemError 422 */
export function callbackUrlOf(url: string | undefined, rules: CallbackRules): string | undefined {
  const problem = url === undefined ? undefined : callbackUrlProblem(url, rules);
  if (problem === undefined) return url;
  throw new ProblemError({ status: 422, code: 'callback_refused', detail: problem });
}

/** The metadata among the headers of a call. @throws ProblemError 400 */
export function metadataOfHeaders(headers: Headers): Record<string, string> {
  const each = [...headers].flatMap(([name, value]) =>
    name.startsWith(METADATA_HEADER_PREFIX)
      ? [[name.slice(METADATA_HEADER_PREFIX.length), value] as const]
      : [],
  );
  const together = metadataOfHeader(headers.get(METADATA_HEADER));
  const twice = each.find(([name]) => Object.hasOwn(together, name));
  if (twice) throw malformed(`The metadata ${twice[0]} has a header of its own and is in Coatcheck-Metadata`);
  return checkedMetadata({ ...Object.fromEntries(each), ...together });
}

function metadataOfHeader(text: string | null): Record<string, string> {
  const metadata = text === null ? {} : parseMetadataHeader(text);
  if (metadata) return metadata;
  throw malformed(
    `Coatcheck-Metadata must be a JSON object of texts like {"order_id":"17"}, got ${quote(text)}`,
  );
}

/** Metadata that an S3 object can carry, whether the payload goes to S3 or not. @throws ProblemError 400 */
export function checkedMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    if (!METADATA_NAME.test(name)) {
      throw malformed(metadataNameProblem(name));
    }
    if (!METADATA_VALUE.test(value)) {
      throw malformed(
        `The metadata ${name} must be printable ASCII without spaces at its ends, got ${quote(value)}`,
      );
    }
    bytes += name.length + value.length;
  }
  if (bytes <= S3_MAX_METADATA_BYTES) return { ...metadata };
  throw malformed(
    `Metadata must have at most ${S3_MAX_METADATA_BYTES} characters in total (names and values), got ${bytes}`,
  );
}

/** An idempotency key, quoted or bare. @throws ProblemError 400 */
export function idempotencyKeyOf(field: string, given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const key = /^"(.*)"$/.exec(given)?.[1] ?? given;
  if (key.length >= 1 && key.length <= KEY_MAX_LENGTH && /^[\x20-\x7e]*$/.test(key)) return key;
  throw malformed(
    `${field} must have 1 to ${KEY_MAX_LENGTH} printable ASCII characters, got ${key.length}: ${quote(key)}`,
  );
}

/** The id that a client chose for its request. @throws ProblemError 400, also beside an idempotency key */
export function requestIdOf(
  field: string,
  id: string | undefined,
  idempotencyKey: string | undefined,
): string | undefined {
  if (id === undefined) return undefined;
  const problem = chosenIdProblem(id);
  if (problem !== undefined) throw malformed(`${field} ${problem}`);
  if (idempotencyKey === undefined) return id;
  throw malformed(
    `${field} already makes repeated submissions one request, and there is an idempotency key beside it: leave out one of them`,
  );
}

function malformed(detail: string): ProblemError {
  return new ProblemError({ status: 400, code: 'request_malformed', detail });
}

/** The trace of a request: the one its caller names, or that of the call. */
export function traceOf(headers: {
  readonly traceparent?: string;
  readonly tracestate?: string;
}): TraceContext {
  const trace = readTraceContext(headers);
  return trace.traceparent === undefined ? currentTrace() : trace;
}
